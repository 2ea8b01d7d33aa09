package registry_test

import (
	"strings"
	"testing"

	"github.com/firebreak-go/firebreak/registry"
)

func TestKey(t *testing.T) {
	long := strings.Repeat("x", 128)
	tests := []struct {
		name, prefix, service, id string
		want                      string // empty: an error
	}{
		{"default prefix", "", "api", "api-7", "/services/api/api-7"},
		{"prefix of two folders", "/eu/chat", "api", "api-7", "/eu/chat/api/api-7"},
		{"longest names", "/p", long, long, "/p/" + long + "/" + long},
		{"all characters", "/p", "aZ0._-", "0", "/p/aZ0._-/0"},
		{"service too long", "/p", long + "x", "a", ""},
		{"ID too long", "/p", "s", long + "x", ""},
		{"prefix too long", "/" + strings.Repeat("x/", 128) + "x", "s", "a", ""},
		{"no leading slash", "services", "s", "a", ""},
		{"slash at the end", "/services/", "s", "a", ""},
		{"root", "/", "s", "a", ""},
		{"empty folder", "/a//b", "s", "a", ""},
		{"climbing", "/a/..", "s", "a", ""},
		{"empty service", "/p", "", "a", ""},
		{"empty ID", "/p", "s", "", ""},
		{"hidden ID", "/p", "s", "_a", ""},
		{"dotted ID", "/p", "s", ".a", ""},
		{"slash in the ID", "/p", "s", "a/b", ""},
		{"slash in the service", "/p", "s/t", "a", ""},
		{"not ASCII", "/p", "s", "ä", ""},
		{"control character", "/p", "s", "a\n", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := registry.Key(test.prefix, test.service, test.id)
			if got != test.want || (err == nil) != (test.want != "") {
				t.Fatalf("key: got %q, %v, want %q", got, err, test.want)
			}
			if err != nil && (strings.Contains(err.Error(), "\n") || len(err.Error()) > 300) {
				t.Errorf("error: got %q, want one short line", err)
			}
		})
	}
}

func TestSplitKey(t *testing.T) {
	tests := []struct {
		name, key, id string
		ok            bool
	}{
		{"child", "/services/api/api-7", "api-7", true},
		{"strange name", "/services/api/a b", "a b", true},
		{"the directory", "/services/api/", "", false},
		{"the directory without its slash", "/services/api", "", false},
		{"deeper", "/services/api/a/b", "", false},
		{"a neighbour with the same beginning", "/services/api2/a", "", false},
		{"elsewhere", "/other/a", "", false},
		{"longest name", "/services/api/" + strings.Repeat("x", 128), strings.Repeat("x", 128), true},
		{"too long for a name", "/services/api/" + strings.Repeat("x", 129), "", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if id, ok := registry.SplitKey("/services/api/", test.key); id != test.id || ok != test.ok {
				t.Errorf("split: got %q %v, want %q %v", id, ok, test.id, test.ok)
			}
		})
	}
}
