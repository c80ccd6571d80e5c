//go:build exhaustive

package verify_test
import ("testing";"bytes"
"github.com/stretchr/testify/require"
"github.com/liste-elettorali/anpr/seal/sealtest")
func TestZZAll(t *testing.T){
 for _,key:=range []sealtest.Key{sealtest.RSA3072,sealtest.P256}{
  ca:=newCA(t,sealtest.Config{Key:key}); doc:=sealWith(t,ca,sealtest.Document("un byte")); v:=verifier(t,ca.Root())
  require.True(t,v.PDF(t.Context(),doc,now).Valid)
  data:=bytes.Clone(doc); n:=0
  for i:=range doc{ for c:=range 256{ if byte(c)==doc[i]{continue}; data[i]=byte(c); n++
    if v.PDF(t.Context(),data,now).Valid{ t.Errorf("%s byte %d %q->%q valid",key,i,doc[i],byte(c))}}; data[i]=doc[i]}
  t.Log(key,n)
 }}
