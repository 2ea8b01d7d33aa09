package cluster

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/page"
)

func TestCommandsDescribeThemselves(t *testing.T) {
	seen := map[string]bool{}
	for _, spec := range commandSpecs([]string{"node-1", "node-2"}) {
		if seen[spec.Name] || spec.Label == "" {
			t.Errorf("command %q: got it twice, or without a label", spec.Name)
		}
		seen[spec.Name] = true
		for _, arg := range spec.Args {
			if arg.Type == page.ArgChoice && len(arg.Choices) < 2 {
				t.Errorf("%s: %s: got choices %q, want some", spec.Name, arg.Name, arg.Choices)
			}
		}
		if _, err := check(spec, nil); err != nil {
			t.Errorf("%s with nothing said: got %v, want its defaults to do", spec.Name, err)
		}
	}
}

func TestArgumentsAreChecked(t *testing.T) {
	inject := orders()[0].spec
	for _, row := range []struct {
		name  string
		given map[string]string
		want  string
	}{
		{"class", map[string]string{"class": "rotten"}, `class "rotten": want torn, empty`},
		{"unknown", map[string]string{"sudo": "1"}, `takes no "sudo"`},
		{"long", map[string]string{"key": strings.Repeat("x", 129)}, "too long"},
	} {
		_, err := check(inject, row.given)
		if !errors.Is(err, page.ErrBadCommand) || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %q", row.name, err, row.want)
		}
	}
	args, err := check(inject, map[string]string{"class": " empty "})
	if err != nil || args["class"] != "empty" || args["key"] != defaultKey {
		t.Errorf("arguments: got %v, %v, want the class, and the key by default", args, err)
	}
	for _, bad := range []string{"", "../node/x", "a b", "/services/api/", strings.Repeat("k", 4000)} {
		if key, _, err := keyOf(bad); err == nil && key != "/services/api/x" {
			t.Errorf("key %.20q: got %q, want it refused or inside the directory", bad, key)
		}
	}
}

func TestNothingCanBeAskedWithoutACluster(t *testing.T) {
	s := testShow(t, Config{})
	if _, err := s.command(t.Context(), page.Command{Name: "wipe"}); err == nil || !strings.Contains(err.Error(), "no cluster runs") {
		t.Errorf("command between acts: got %v, want it refused", err)
	}
	if _, err := s.command(t.Context(), page.Command{Name: "dance"}); !errors.Is(err, page.ErrBadCommand) {
		t.Errorf("unknown command: got %v, want a bad command", err)
	}
}

func TestRerunIsForAClusterThatIsKept(t *testing.T) {
	s := testShow(t, Config{})
	if _, err := s.again(arguments{"profile": ProfileNaive}); err == nil {
		t.Error("while an act is played: got no error, want one")
	}
	s.kept = true
	for _, bad := range []arguments{{"poison": "2"}, {"boot": "-1s"}, {"poison": "2h"}, {"seed": "x"}} {
		if _, err := s.again(bad); !errors.Is(err, page.ErrBadCommand) {
			t.Errorf("%v: got %v, want a bad command", bad, err)
		}
	}
	if _, err := s.again(arguments{"profile": ProfileNaive, "poison": "1s", "seed": "7"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.again(arguments{"profile": ProfileNaive}); err == nil {
		t.Error("twice: got no error, want one")
	}
	cfg := Config{Poison: time.Minute, Boot: time.Minute, Seed: 1}
	(<-s.reruns).apply(&cfg)
	if cfg.Poison != time.Second || cfg.Boot != time.Minute || cfg.Seed != 7 {
		t.Errorf("parameters: got %+v, want the new poison and seed, and the old boot", cfg)
	}
}

// fakeEtcd notes what is asked of it.
func fakeEtcd(t *testing.T) (address string, asked func() []string) {
	t.Helper()
	var mu sync.Mutex
	var all []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		mu.Lock()
		defer mu.Unlock()
		all = append(all, r.Method+" "+r.URL.String()+" "+r.PostForm.Get("value"))
		if strings.Contains(r.URL.Path, "missing") {
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://"), func() []string {
		mu.Lock()
		defer mu.Unlock()
		return all
	}
}

func TestRecordsAreWrittenPastTheAnnouncers(t *testing.T) {
	address, asked := fakeEtcd(t)
	a := &act{layout: layout{etcd: server{listen: address}}}
	a.maker.layout = a.layout
	if _, err := inject(t.Context(), a, arguments{"class": "null", "key": "api-1"}); err != nil {
		t.Fatal(err)
	}
	if _, err := heal(t.Context(), a, arguments{"key": "/services/api/api-1"}); err != nil {
		t.Fatal(err)
	}
	if _, err := wipe(t.Context(), a, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := heal(t.Context(), a, arguments{"key": "missing"}); err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("heal of what is not there: got %v, want etcd's answer", err)
	}
	want := "PUT /v2/keys/services/api/api-1 null|DELETE /v2/keys/services/api/api-1 |DELETE /v2/keys/services/api?recursive=true |DELETE /v2/keys/services/api/missing "
	if got := strings.Join(asked(), "|"); got != want {
		t.Errorf("etcd was asked:\n got %s\nwant %s", got, want)
	}
}

func TestAllNodesAreAsked(t *testing.T) {
	answers := func(status int, body string) server {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}))
		t.Cleanup(s.Close)
		return server{name: "node", admin: strings.TrimPrefix(s.URL, "http://")}
	}
	gone := server{name: "gone", admin: "127.0.0.1:1"}
	busy := answers(409, `{"error":"it is not frozen"}`)
	a := &act{layout: layout{nodes: []server{gone, answers(200, `{}`), busy}}}
	if done, err := thaw(t.Context(), a, nil); err != nil || done != "thawed the directory on 1 node" {
		t.Errorf("one of three: got %q, %v, want it counted", done, err)
	}
	a.layout.nodes = []server{gone, busy}
	if _, err := thaw(t.Context(), a, nil); err == nil || err.Error() != "node: it is not frozen" {
		t.Errorf("none: got %v, want what a node said", err)
	}
}
