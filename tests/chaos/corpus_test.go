//go:build unix

package chaos

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/registry"
)

// The services under which the corpus is stored.
const (
	valueService = "corpus"
	nameService  = "names"
)

// specimen is one file of the corpus, and what must become of it: "good", "bad" or a
// class of fault, "ignored", "refused" (by etcd).
type specimen struct{ file, want, text string }

// corpus reads a folder of testdata. The part of a file's name before the first
// hyphen is what must become of its content.
func corpus(t *testing.T, folder string) []specimen {
	t.Helper()
	files, err := os.ReadDir(filepath.Join("testdata", folder))
	if err != nil {
		t.Fatal(err)
	}
	all := make([]specimen, 0, len(files))
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join("testdata", folder, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		want, _, _ := strings.Cut(f.Name(), "-")
		all = append(all, specimen{f.Name(), want, string(text)})
	}
	return all
}

// TestCorpus stores every hostile value under the name of its file, and a record
// under every hostile key name, beside an instance that is well. One node follows it
// all, one comes when it is there: both make the same of it, and of nothing else.
func TestCorpus(t *testing.T) {
	t.Parallel()
	s := startServer(t)
	values, names := corpus(t, "values"), corpus(t, "keys")
	follower := watch(t, s, "follower", valueService, nameService)
	s.store(t, directory(valueService)+"witness", encode(t, registry.Instance{Service: valueService, ID: "witness", Host: "h", Port: 1}))
	s.store(t, directory(nameService)+"witness", encode(t, registry.Instance{Service: nameService, ID: "witness", Host: "h", Port: 1}))
	follower.within(t, "the witnesses", func() string {
		return follower.outcome(valueService, "witness", "good") + follower.outcome(nameService, "witness", "good")
	})
	for _, v := range values {
		s.store(t, directory(valueService)+v.file, v.text)
	}
	for _, n := range names {
		s.storeName(t, n)
	}
	for _, w := range []*watching{follower, watch(t, s, "latecomer", valueService, nameService)} {
		w.within(t, "the corpus", func() string {
			wrong := w.outcome(valueService, "witness", "good") + w.outcome(nameService, "witness", "good")
			for _, v := range values {
				wrong += w.outcome(valueService, v.file, v.want)
			}
			for _, n := range names {
				if n.want != "refused" {
					wrong += w.outcome(nameService, stored(n.text), n.want)
				}
			}
			return wrong
		})
		w.wantNoMore(t, valueService, 1+len(values))
		w.wantNoMore(t, nameService, 1+len(names))
	}
}

// stored is a key's name after etcd has taken a slash off its end and told it in
// JSON, where what is no text becomes U+FFFD.
func stored(name string) string { return string([]rune(strings.TrimSuffix(name, "/"))) }

// store puts a value, which etcd must take.
func (s *server) store(t *testing.T, path, value string) {
	t.Helper()
	if err := s.put(t.Context(), path, value, 0); err != nil {
		t.Fatalf("put of %.80q: got error %v, want it stored", path, err)
	}
}

// storeName puts a record under a name, over a connection that has been in use: etcd
// drops a first request whose line is longer than 4 KiB.
func (s *server) storeName(t *testing.T, n specimen) {
	t.Helper()
	one := &http.Transport{MaxConnsPerHost: 1}
	defer one.CloseIdleConnections()
	if err := sendOver(t.Context(), one, http.MethodGet, s.url("/"), nil); err != nil {
		t.Fatal(err)
	}
	record := fmt.Sprintf(`{"v":1,"service":%q,"id":%q,"host":"h","port":1}`, nameService, n.text)
	err := sendOver(t.Context(), one, http.MethodPut, s.url(directory(nameService)+escaped(n.text)), url.Values{"value": {record}})
	if refuses := err != nil; refuses != (n.want == "refused") {
		t.Errorf("put of %s: got error %v, want refused: %v", n.file, err, n.want == "refused")
	}
}

// escaped writes every byte of a name that a path might read as something else as
// an escape, but for slashes.
func escaped(name string) string {
	var b strings.Builder
	for i := range len(name) {
		if c := name[i]; c == '/' || c == '.' || c == '-' || c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' {
			b.WriteByte(c)
			continue
		}
		fmt.Fprintf(&b, "%%%02X", name[i])
	}
	return b.String()
}

// watching is a node of the corpus.
type watching struct {
	name    string
	runtime *actors.Runtime
}

func watch(t *testing.T, s *server, name string, services ...string) *watching {
	t.Helper()
	runtime, err := actors.New(actors.Config{Source: dial(t, "http://"+s.addr)})
	if err != nil {
		t.Fatal(err)
	}
	for _, service := range services {
		if err := runtime.Watch(service); err != nil {
			t.Fatal(err)
		}
	}
	if err := runtime.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		status := runtime.Status()
		ctx, cancel := context.WithTimeout(context.Background(), stopLimit)
		defer cancel()
		if err := runtime.Stop(ctx); err != nil || status.Failed != "" || status.Abandoned > 0 {
			t.Errorf("%s: got error %v and %q, %d abandoned, want none", name, err, status.Failed, status.Abandoned)
		}
	})
	return &watching{name, runtime}
}

// within polls until wrong is empty, and fails with what it says.
func (w *watching) within(t *testing.T, what string, wrong func() string) {
	t.Helper()
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	deadline := time.After(callLimit)
	for {
		problem := wrong()
		if problem == "" {
			return
		}
		select {
		case <-poll.C:
		case <-deadline:
			t.Fatalf("%s of %s, after %v:%s", what, w.name, callLimit, problem)
		}
	}
}

// outcome is empty when what was wanted has become of a key.
func (w *watching) outcome(service, id, want string) string {
	s := w.runtime.Snapshot(service)
	key := directory(service) + id
	got := "ignored"
	if _, serves := s.Rows.Get(key); serves {
		got = "good"
	}
	for _, b := range s.Quarantined {
		if b.Key == key {
			got = b.Class.String()
		}
	}
	if got == want || want == "bad" && got != "good" && got != "ignored" {
		return ""
	}
	return fmt.Sprintf("\n\t%.60q is %s, want %s", id, got, want)
}

// wantNoMore: a view has nothing that the corpus does not explain.
func (w *watching) wantNoMore(t *testing.T, service string, most int) {
	t.Helper()
	s := w.runtime.Snapshot(service)
	if got := s.Rows.Len() + len(s.Quarantined) + s.QuarantineOverflow; got > most {
		t.Errorf("%s of %s: got %d rows and bad keys, want at most %d", service, w.name, got, most)
	}
}
