package clients_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/liste-elettorali/anpr/internal/limits/clients"
)

func TestNetwork(t *testing.T) {
	proxies, err := clients.Parse("10.0.0.0/8, 192.0.2.1,2001:db8:1::/48")
	require.NoError(t, err)
	for name, c := range map[string]struct {
		from string
		said []string
		want string
	}{
		"alone":                    {"203.0.113.7:1", nil, "203.0.113.7"},
		"not a proxy":              {"203.0.113.7:1", []string{"198.51.100.1"}, "203.0.113.7"},
		"a proxy":                  {"10.1.2.3:1", []string{"198.51.100.1"}, "198.51.100.1"},
		"with a port":              {"10.1.2.3:1", []string{"198.51.100.1:55"}, "198.51.100.1"},
		"two proxies":              {"192.0.2.1:1", []string{"198.51.100.1, 10.9.9.9"}, "198.51.100.1"},
		"two headers":              {"192.0.2.1:1", []string{"198.51.100.1", "10.9.9.9"}, "198.51.100.1"},
		"what the client has said": {"10.1.2.3:1", []string{"127.0.0.1, 198.51.100.1"}, "198.51.100.1"},
		"all are proxies":          {"10.1.2.3:1", []string{"10.0.0.9"}, "10.0.0.9"},
		"the proxy says nothing":   {"10.1.2.3:1", nil, "10.1.2.3"},
		"the proxy says unknown":   {"10.1.2.3:1", []string{"unknown"}, "10.1.2.3"},
		"the next address":         {"192.0.2.2:1", []string{"198.51.100.1"}, "192.0.2.2"},
		"IPv6":                     {"[2001:db8:2:3:4:5:6:7]:1", nil, "2001:db8:2:3::/64"},
		"IPv4 in IPv6":             {"[::ffff:203.0.113.7]:1", nil, "203.0.113.7"},
		"an IPv6 proxy":            {"[2001:db8:1::1]:1", []string{"[2001:db8:9:9::1]:4000"}, "2001:db8:9:9::/64"},
		"a zone":                   {"[fe80::1%eth0]:1", nil, "fe80::/64"},
		"a socket":                 {"@", nil, ""},
		"nothing":                  {"", []string{"198.51.100.1"}, ""},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.from
		for _, s := range c.said {
			r.Header.Add("X-Forwarded-For", s)
		}
		require.Equal(t, c.want, proxies.Network(r), name)
	}
}

func TestParse(t *testing.T) {
	for _, bad := range []string{"", "10.0.0.0/33", "proxy.example", "10.0.0.1,", "fe80::1%eth0"} {
		_, err := clients.Parse(bad)
		require.Error(t, err, bad)
	}
}

func FuzzNetwork(f *testing.F) {
	proxies, err := clients.Parse("10.0.0.0/8,::/0")
	if err != nil {
		f.Fatal(err)
	}
	f.Add("10.0.0.1:1", "1.2.3.4, [::1]:9")
	f.Fuzz(func(t *testing.T, from, said string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = from
		r.Header.Set("X-Forwarded-For", said)
		_ = proxies.Network(r)
	})
}

const (
	eventually = time.Minute
	tick       = 2 * time.Millisecond
)
