package cms
import ("testing";"os";"path/filepath";"context";"fmt";"crypto"
"github.com/liste-elettorali/anpr/internal/pdf")
func TestTry(t *testing.T){
 fs,_:=filepath.Glob("/work/shared/vectors/pdf/*/*.pdf")
 for _,p:=range fs{ b,_:=os.ReadFile(p); f,err:=pdf.Parse(context.Background(),b,pdf.Limits{})
  var sg []*pdf.Signature
  if err!=nil{sg=pdf.Salvage(b,pdf.Limits{})}else{sg,_=f.Signatures()}
  fmt.Println("==",filepath.Base(p),err!=nil,len(sg))
  for _,s:=range sg{
   m,_,err:=Split(s.Contents); if err!=nil{fmt.Println("    split",err,s.Err);continue}
   sd,err:=Parse(m); if err!=nil{fmt.Println("    parse",err);continue}
   h:=func(h crypto.Hash)[]byte{x:=h.New(); for _,p:=range s.SignedBytes(){x.Write(p)}; return x.Sum(nil)}
   r,err:=sd.Verify(h); fmt.Print("    ",s.SubFilter," BER ",sd.BER," certs ",len(sd.Certificates)," ",err)
   if r!=nil{fmt.Print(" ",r.Digest,r.Algorithm,r.ESS,r.SigningTime,r.Weak,r.Certificate.Subject)}
   if s.IsTimestamp(){ ts,err:=sd.Timestamp(); fmt.Print(" TS ",err); if ts!=nil{fmt.Print(ts.Time, string(ts.Imprint)==string(h(ts.Hash)))}}
   fmt.Println()
  }
 }
}
