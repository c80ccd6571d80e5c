package certificate
import ("testing";"os";"fmt";"strings")
func TestLook(t *testing.T){
 ca:=testCA(t); sl,err:=ca.Sealer(); if err!=nil{t.Fatal(err)}
 save:=func(n string,b []byte,err error){ if err!=nil{t.Fatal(n,err)}; os.WriteFile("/tmp/w/"+n+".pdf",b,0o644); fmt.Println(n,len(b)) }
 i,_:=newIssuer(t,facts(),func(c *Config){c.Sealer=sl})
 r,err:=i.Issue(t.Context(),citizen(EnrolmentCertificate,ElectoralUse)); save("trial",r.PDF,err)
 fmt.Println(r.Contrassegno.String(),len(r.Contrassegno.String())); m,_:=r.Contrassegno.modules(); fmt.Println(len(m)); fmt.Println(string(r.Embedded))
 i,_=newIssuer(t,facts(),nil)
 r,err=i.Issue(t.Context(),citizen(EnrolmentCertificate,ElectoralUse)); save("prod",r.PDF,err)
 r,err=i.Issue(t.Context(),officer(PoliticalRightsCertificate,PrivateUse)); save("comune",r.PDF,err)
 p,err:=i.Preview(t.Context(),citizen(EnrolmentCertificate,ElectoralUse)); save("preview",p.PDF,err)
 f:=facts(); f.Person.Surname=strings.TrimSpace(strings.Repeat("ŻÓŁĆ-KOVAČEVIĆ ",13)); f.Person.Name=strings.Repeat("X",200); f.Section.SeatName=strings.TrimSpace(strings.Repeat("SCUOLA ELEMENTARE ",11))
 i,_=newIssuer(t,f,nil); q:=officer(EnrolmentCertificate,PrivateUse); r,err=i.Issue(t.Context(),q); save("long",r.PDF,err)
 f=facts(); foreigner(&f); i,_=newIssuer(t,f,nil); r,err=i.Issue(t.Context(),officer(EnrolmentCertificate,ElectoralUse)); save("eu",r.PDF,err)
}
