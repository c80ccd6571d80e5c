package pdf
import ("testing";"os";"path/filepath";"context";"fmt")
func TestTry(t *testing.T){
 fs,_:=filepath.Glob("/work/shared/vectors/pdf/*/*.pdf")
 for _,p:=range fs{ b,_:=os.ReadFile(p); f,err:=Parse(context.Background(),b,Limits{})
  if err!=nil{fmt.Println(filepath.Base(p),"PARSE",err);continue}
  fmt.Print(filepath.Base(p)," revs ",len(f.Revisions)," trailing ",f.Trailing)
  pg,err:=f.Last().Pages(); fmt.Print(" pages ",len(pg)," ",err)
  fmt.Println(" check:",f.CheckObjects(context.Background()))
  s,err:=f.Signatures(); if err!=nil{fmt.Println("   SIGS",err)}
  for _,x:=range s{ r,pb:=x.Coverage(); fmt.Println("   ",x.Field,x.SubFilter,x.Ref,"rev",x.Revision,"cov",r,pb)}
 }
}
func TestTry2(t *testing.T){
 fs,_:=filepath.Glob("/work/shared/vectors/pdf/*/*.pdf")
 for _,p:=range fs{ b,_:=os.ReadFile(p); f,err:=Parse(context.Background(),b,Limits{})
  if err!=nil{continue}
  sg,_:=f.Signatures(); if len(sg)==0||len(f.Revisions)==1{continue}
  fmt.Println("==",filepath.Base(p), f.Irregular)
  for r:=1;r<len(f.Revisions);r++{ if r<=sg[0].Revision {continue}
   ch,err:=f.Changes(r); fmt.Println("  rev",r,err, "trailer",f.Revisions[r].Trailer)
   for _,c:=range ch{ s:=func(o Object)string{ x:=fmt.Sprintf("%v",show(o)); if len(x)>420{x=x[:420]}; return x}
    fmt.Println("    ",c.Ref,c.Had,c.Has,"\n        old",s(c.Old),"\n        new",s(c.New))}}
 }
}
func show(o Object) any{ switch o:=o.(type){case Dict: s:="<<"; for _,e:=range o{s+=fmt.Sprintf("/%s %v ",e.Key,show(e.Value))}; return s+">>"; case *Stream: return fmt.Sprint("STREAM ",show(o.Dict),len(o.Raw)); case String: if len(o)>40{return fmt.Sprintf("str%d",len(o))}; return fmt.Sprintf("%q",string(o)); case Array: s:="["; for _,e:=range o{s+=fmt.Sprint(show(e))+" "}; return s+"]"}; return o}
