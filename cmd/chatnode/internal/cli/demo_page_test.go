package cli

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/page"
)

func TestReplaySaysWhatIsWrong(t *testing.T) {
	folder := t.TempDir()
	bad := filepath.Join(folder, "bad.jsonl")
	if err := os.WriteFile(bad, []byte("no recording\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		args string
		code int
		want string
	}{
		{"demo --replay " + filepath.Join(folder, "missing"), 1, "no such file"},
		{"demo --replay " + bad, 1, "this is no recorded run: line 1 is not JSON"},
		{"demo --page off --replay " + bad, 2, "--replay needs a page"},
		{"demo --page nowhere", 2, `"nowhere" is no address`},
		{"demo --page 192.0.2.1:80", 1, "--page 192.0.2.1:80: cannot listen there"},
		{"demo --speed 0", 2, `"0" is no factor`},
		{"demo --headless --report " + filepath.Join(folder, "missing", "r.html"), 1, "cannot write"},
		{"demo --headless --csv " + filepath.Join(bad, "csv"), 1, "cannot write the raw series"},
		{"demo --page 127.0.0.1:0 --page-token-file " + filepath.Join(folder, "missing"), 2, "--page-token-file"},
	} {
		t.Run(row.args, func(t *testing.T) {
			got := execution(t, nil, strings.Fields(row.args)...)
			if got.code != row.code || !strings.Contains(got.stderr, row.want) || strings.Count(got.stderr, "\n") != 1 {
				t.Errorf("got code %d, %q, want %d and one line with %q", got.code, got.stderr, row.code, row.want)
			}
		})
	}
}

func TestTakenPortOfThePageIsSaid(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	var out strings.Builder
	f := pageFlags{Page: addressOrOff(taken.Addr().String())}
	l, err := f.openPage(t.Context(), &session{stdout: &out})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	if want := "the page: " + page.URL(l) + ", since port " + port + " is in use\n"; out.String() != want {
		t.Errorf("said: got %q, want %q", out.String(), want)
	}
}

// TestCtlGivesEachCommand: the arguments of the command line are those of the page.
func TestCtlGivesEachCommand(t *testing.T) {
	var given page.Command
	demo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given = page.Command{}
		if r.URL.Path != "/api/command" || r.Header.Get("Content-Type") != "application/json" || json.NewDecoder(r.Body).Decode(&given) != nil {
			w.WriteHeader(http.StatusBadRequest)
		}
		_ = json.NewEncoder(w).Encode(page.Answer{OK: true, Text: "done \x1b[31m"})
	}))
	defer demo.Close()
	for _, row := range []struct {
		args, name string
		want       map[string]string
	}{
		{"inject", "inject", map[string]string{"class": "torn", "key": "injected"}},
		{"inject empty --key api-1", "inject", map[string]string{"class": "empty", "key": "api-1"}},
		{"heal", "heal", map[string]string{"key": "injected"}},
		{"tear", "tear", nil},
		{"kill node-1", "kill", map[string]string{"target": "node-1"}},
		{"pause node-1", "pause", map[string]string{"target": "node-1"}},
		{"resume node-1", "resume", map[string]string{"target": "node-1"}},
		{"cut all", "cut", map[string]string{"node": "all"}},
		{"join", "join", map[string]string{"node": "all"}},
		{"etcd-down", "etcd-down", nil},
		{"etcd-up", "etcd-up", nil},
		{"wipe", "wipe", nil},
		{"storm", "storm", nil},
		{"scale-out", "scale-out", nil},
		{"scale-in", "scale-in", map[string]string{"target": ""}},
		{"release api-1", "release", map[string]string{"key": "api-1"}},
		{"thaw", "thaw", nil},
		{"rerun naive --poison 1s", "rerun", map[string]string{"profile": "naive", "poison": "1s", "boot": "", "seed": ""}},
	} {
		got := execution(t, nil, append([]string{"ctl"}, append(strings.Fields(row.args), "--url", demo.URL)...)...)
		if got.code != 0 || got.stdout != `"done \x1b[31m"`+"\n" || given.Name != row.name || !reflect.DeepEqual(given.Args, row.want) {
			t.Errorf("ctl %s: got %+v, sent %+v, want %s %v", row.args, got, given, row.name, row.want)
		}
	}
}
