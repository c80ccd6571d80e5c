package refdata
import ("testing";"fmt";"time";"runtime")
func TestQuick(t *testing.T){
 var m0,m1 runtime.MemStats; runtime.GC(); runtime.ReadMemStats(&m0)
 s:=time.Now(); tt,err:=Embedded(); fmt.Println(time.Since(s),err)
 if err!=nil {t.Fatal(err)}
 runtime.GC(); runtime.ReadMemStats(&m1); fmt.Println("live MB",float64(m1.HeapAlloc-m0.HeapAlloc)/1e6)
 s=time.Now(); fmt.Println(tt.ComuneByName("agliè","to",Date{})); fmt.Println(time.Since(s))
 runtime.GC(); runtime.ReadMemStats(&m1); fmt.Println("live MB",float64(m1.HeapAlloc-m0.HeapAlloc)/1e6)
 n:=0; for range tt.Comuni(Date{}) {n++}; fmt.Println(n)
 fmt.Println(tt.ChamberColleges("H501"), tt.ChamberColleges("M437"), tt.SenateColleges("A952"))
 fmt.Println(tt.ComuneByName("SAVOGNA D'ISONZO-SOVODNJE OB SOČI","GO",Date{}))
 fmt.Println(tt.ComuneByName("CASTELBELLO-CIARDES/KASTELBELL-TSCHARS","BZ",Date{}))
 fmt.Println(tt.Languages("G140"))
 runtime.KeepAlive(tt)
}
func BenchmarkLoad(b *testing.B){ b.ReportAllocs(); sub,_:=TableText("comuni"); _=sub; for b.Loop(){ loadFresh() } }
func loadFresh(){ s,_:=fsSub(); load(s,s)}
