package csc_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/seal/csc"
	"github.com/liste-elettorali/anpr/seal/sealtest"
)

// A service is a signing service as the specification has it: it holds a real
// key, checks each request and signs what was authorised, once.
type service struct {
	*httptest.Server
	ca  *sealtest.CA
	key crypto.Signer

	mu       sync.Mutex
	mode     string            // auth mode
	scal     string            //
	algos    []string          // of the key
	status   map[string]string // key and cert
	tokens   map[string]bool   // access tokens: whether they have the scope credential
	pin      string
	p1363    bool                       // ECDSA signatures as r and s
	sads     map[string]map[string]bool // what each is good for; gone once used
	requests []string                   // methods, in order
	fault    func(method string, w http.ResponseWriter, r *http.Request) (handled bool)
	spoil    func(sig []byte)
	pages    int // of credentials/list
}

var algorithms = map[sealtest.Key][]string{
	sealtest.P256:    {"1.2.840.10045.4.3.2"},
	sealtest.P384:    {"1.2.840.10045.4.3.3", "1.2.840.10045.4.3.2"},
	sealtest.RSA2048: {"1.2.840.113549.1.1.1", "1.2.840.113549.1.1.11", "1.2.840.113549.1.1.10"},
	sealtest.RSA3072: {"1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10"},
}

const credentialID = "SIGILLO-PROVA"

func newService(t testing.TB, kind sealtest.Key) *service {
	t.Helper()
	ca, err := sealtest.NewCA(sealtest.Config{Key: kind})
	require.NoError(t, err)
	s := &service{ca: ca, key: ca.Signer(), mode: "explicit", scal: "2", algos: algorithms[kind], pin: "prova-1234",
		status: map[string]string{"key": "enabled", "cert": "valid"}, tokens: map[string]bool{"token-1": false},
		sads: map[string]map[string]bool{}}
	s.Server = httptest.NewTLSServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *service) config() csc.Config {
	return csc.Config{URL: s.URL + "/csc/v2", Client: s.Client(), Token: token("token-1")}
}

func (s *service) set(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// count returns how often a method was called.
func (s *service) count(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, m := range s.requests {
		if m == method {
			n++
		}
	}
	return n
}

type failure struct {
	status      int
	code, about string
}

func invalid(about string) *failure { return &failure{http.StatusBadRequest, "invalid_request", about} }

type request struct {
	CredentialID     string   `json:"credentialID"`
	NumSignatures    int      `json:"numSignatures"`
	Hashes           []string `json:"hashes"`
	HashAlgorithmOID string   `json:"hashAlgorithmOID"`
	AuthData         []struct {
		ID    string `json:"id"`
		Value string `json:"value"`
	} `json:"authData"`
	SAD            string `json:"SAD"`
	SignAlgo       string `json:"signAlgo"`
	SignAlgoParams string `json:"signAlgoParams"`
	OperationMode  string `json:"operationMode"`
	Certificates   string `json:"certificates"`
	PageToken      string `json:"pageToken"`
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	method := r.URL.Path[len("/csc/v2/"):]
	s.mu.Lock()
	s.requests = append(s.requests, method)
	fault := s.fault
	s.mu.Unlock()
	if fault != nil && fault(method, w, r) {
		return
	}
	var in request
	var out any
	fail := invalid("The request cannot be read")
	if r.Method == http.MethodPost && r.Header.Get("Content-Type") == "application/json" &&
		json.NewDecoder(r.Body).Decode(&in) == nil {
		s.mu.Lock()
		out, fail = s.answer(method, r.Header.Get("Authorization"), in)
		s.mu.Unlock()
	}
	w.Header().Set("Content-Type", "application/json;charset=UTF-8")
	if fail != nil {
		w.WriteHeader(fail.status)
		out = map[string]string{"error": fail.code, "error_description": fail.about}
	}
	_ = json.NewEncoder(w).Encode(out)
}

func (s *service) answer(method, bearer string, in request) (any, *failure) {
	if method == "info" {
		return map[string]any{"specs": "2.0.0.2", "name": "Servizio di prova", "region": "IT", "lang": "it-IT",
			"authType": []string{"oauth2client"},
			"oauth2":   s.URL + "/oauth2", "methods": []string{"credentials/list", "credentials/info",
				"credentials/authorize", "signatures/signHash"},
			"validationInfo": false}, nil
	}
	scope, ok := s.tokens[bearer[min(len(bearer), len("Bearer ")):]]
	if !ok {
		return nil, &failure{http.StatusUnauthorized, "invalid_token", "The access token expired"}
	}
	if method == "credentials/list" {
		page := map[string]any{"credentialIDs": []string{credentialID + in.PageToken}}
		if len(in.PageToken) < s.pages {
			page["nextPageToken"] = in.PageToken + "+"
		}
		return page, nil
	}
	if in.CredentialID != credentialID {
		return nil, invalid("Invalid parameter credentialID")
	}
	switch method {
	case "credentials/info":
		return s.info(in), nil
	case "credentials/authorize":
		return s.authorize(in)
	case "signatures/signHash":
		return s.sign(in, scope)
	}
	return nil, &failure{http.StatusNotFound, "unsupported_operation", method}
}

func (s *service) info(in request) any {
	var certs []string
	for _, c := range append(s.ca.Chain(), s.ca.Root()) {
		certs = append(certs, base64.StdEncoding.EncodeToString(c.Raw))
	}
	if in.Certificates != "chain" {
		certs = certs[:1]
	}
	return map[string]any{"description": "Sigillo di prova", "signatureQualifier": "eu_eidas_aeseal",
		"key":  map[string]any{"status": s.status["key"], "algo": s.algos, "len": 256},
		"cert": map[string]any{"status": s.status["cert"], "certificates": certs, "validFrom": "20260101000000Z"},
		"auth": map[string]any{"mode": s.mode, "expression": "PIN",
			"objects": []any{map[string]any{"type": "Password", "id": "PIN", "format": "A", "label": "PIN"}}},
		"SCAL": s.scal, "multisign": 1}
}

func (s *service) authorize(in request) (any, *failure) {
	switch {
	case in.NumSignatures != 1:
		return nil, invalid("Invalid parameter numSignatures")
	case s.scal == "2" && (len(in.Hashes) != 1 || in.HashAlgorithmOID == ""):
		return nil, invalid("Missing parameter hashes")
	case s.mode == "explicit" && (len(in.AuthData) != 1 || in.AuthData[0].ID != "PIN" || in.AuthData[0].Value != s.pin):
		return nil, &failure{http.StatusBadRequest, "invalid_pin", "The PIN is not valid"}
	}
	sad := rand.Text()
	s.sads[sad] = map[string]bool{}
	for _, h := range in.Hashes {
		s.sads[sad][h] = true
	}
	return map[string]any{"SAD": sad, "expiresIn": 300}, nil
}

func (s *service) sign(in request, scope bool) (any, *failure) {
	if s.mode == "oauth2code" {
		if in.SAD != "" || !scope {
			return nil, invalid("Missing (or invalid type) string parameter SAD")
		}
	} else {
		hashes, ok := s.sads[in.SAD]
		delete(s.sads, in.SAD)
		if !ok || len(in.Hashes) != 1 || !hashes[in.Hashes[0]] {
			return nil, invalid("Invalid parameter SAD")
		}
	}
	known := false
	for _, a := range s.algos {
		known = known || a == in.SignAlgo
	}
	digest, err := base64.StdEncoding.DecodeString(in.Hashes[0])
	hash := map[string]crypto.Hash{"2.16.840.1.101.3.4.2.1": crypto.SHA256, "2.16.840.1.101.3.4.2.2": crypto.SHA384,
		"2.16.840.1.101.3.4.2.3": crypto.SHA512}[in.HashAlgorithmOID]
	if !known || err != nil || hash == 0 || hash.Size() != len(digest) || in.OperationMode != "S" {
		return nil, invalid("Invalid parameter signAlgo")
	}
	var opts crypto.SignerOpts = hash
	if in.SignAlgo == "1.2.840.113549.1.1.10" {
		if opts, err = pssOptions(in.SignAlgoParams, hash); err != nil {
			return nil, invalid(err.Error())
		}
	}
	sig, err := s.key.Sign(rand.Reader, digest, opts)
	if err != nil {
		return nil, &failure{http.StatusInternalServerError, "server_error", err.Error()}
	}
	if k, ok := s.key.(*ecdsa.PrivateKey); ok && s.p1363 {
		var rs struct{ R, S *big.Int }
		_, _ = asn1.Unmarshal(sig, &rs)
		n := (k.Curve.Params().BitSize + 7) / 8
		sig = append(rs.R.FillBytes(make([]byte, n)), rs.S.FillBytes(make([]byte, n))...)
	}
	if s.spoil != nil {
		s.spoil(sig)
	}
	return map[string]any{"signatures": []string{base64.StdEncoding.EncodeToString(sig)}}, nil
}

// pssOptions reads RSASSA-PSS parameters.
func pssOptions(params string, hash crypto.Hash) (*rsa.PSSOptions, error) {
	der, err := base64.StdEncoding.DecodeString(params)
	if err != nil {
		return nil, err
	}
	var p struct {
		Hash pkix.AlgorithmIdentifier `asn1:"explicit,tag:0"`
		MGF  pkix.AlgorithmIdentifier `asn1:"explicit,tag:1"`
		Salt int                      `asn1:"explicit,tag:2"`
	}
	if rest, err := asn1.Unmarshal(der, &p); err != nil || len(rest) > 0 {
		return nil, fmt.Errorf("signAlgoParams: %w", err)
	}
	if p.MGF.Algorithm.String() != "1.2.840.113549.1.1.8" || p.Salt != hash.Size() {
		return nil, fmt.Errorf("signAlgoParams: %+v", p)
	}
	return &rsa.PSSOptions{Hash: hash, SaltLength: p.Salt}, nil
}
