package statuspage

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/incident"
)

// source is a status that counts how often it is asked for.
type source struct {
	view  incident.View
	asked atomic.Int64
	hang  chan struct{} // nil: it does not
}

func (s *source) View() incident.View {
	if s.asked.Add(1) > 1 && s.hang != nil {
		<-s.hang
	}
	return s.view
}

func (s *source) Incidents() []incident.Incident { return s.view.Incidents }

// story is a cluster with an incident that is open and one that is closed.
func theStory(t *testing.T) incident.View {
	t.Helper()
	log, err := incident.New(incident.Config{Hold: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2020, 3, 16, 14, 18, 0, 0, time.UTC)
	run := func(seconds int, sessions float64) {
		for range seconds {
			now = now.Add(time.Second)
			log.Observe(now, incident.Reading{Signal: incident.Sessions, Value: sessions})
		}
	}
	for _, lost := range []float64{1900, 1000} {
		run(60, 2000)
		log.Tell(now, incident.Fact{Kind: incident.Poisoned})
		run(20, lost)
		log.Tell(now, incident.Fact{Kind: incident.Throttled, Value: 200})
		if lost > 1000 {
			run(20, 2000)
		}
	}
	v := log.View(now, 20)
	v.Components = []incident.Component{{Role: incident.ChatNode, Known: 6, Ready: 3}, {Role: incident.Store, Known: 1}}
	v.SkewSeconds = 35
	return v
}

func get(t *testing.T, p http.Handler, path string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, http.NoBody))
	return w
}

func newPage(t *testing.T, s Source) *Page {
	t.Helper()
	p, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPage(t *testing.T) {
	p := newPage(t, &source{view: theStory(t)})
	w := get(t, p, "/status")
	body := w.Body.String()
	for _, want := range []string{
		"✕ Major outage", "Incident 2 is open", "A clock is 35 s ahead of the observer&#39;s",
		"Chat nodes", "▲ degraded", "3 of 6", "✕ down", "Connected sessions", "1,000", "2,000",
		"Paged, SEV1: sessions were lost", "A registry record does not decode", "Connections are throttled to 200 a second",
		"▲ worse, SEV1", "open since", "SEV3", "not yet",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("page: got no %q, want it", want)
		}
	}
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("page: got %d %s, want HTML", w.Code, w.Header().Get("Content-Type"))
	}
}

// TestPolicy: the page runs no script, loads nothing, and its style is the one that
// the policy allows.
func TestPolicy(t *testing.T) {
	w := get(t, newPage(t, &source{view: theStory(t)}), "/status")
	body, policy := w.Body.String(), w.Header().Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'; ") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "script-src") {
		t.Errorf("policy: got %s, want nothing allowed but the style", policy)
	}
	if strings.Contains(body, "<script") || strings.Contains(body, "style=") || regexp.MustCompile(`\son\w+=`).MatchString(body) {
		t.Errorf("page: got a script or a style of its own, want none")
	}
	inside := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(body)
	if inside == nil {
		t.Fatal("page: got no style, want one")
	}
	sum := sha256.Sum256([]byte(inside[1]))
	if hash := base64.StdEncoding.EncodeToString(sum[:]); !strings.Contains(policy, "style-src 'sha256-"+hash+"'") {
		t.Errorf("policy: got %s, want the style's hash %s", policy, hash)
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"} {
		if got := w.Header().Get(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// TestForeignTextIsText: what is no word of ours, were it there, would not run.
func TestForeignTextIsText(t *testing.T) {
	v := theStory(t)
	v.Components[0].Role = "<script>alert(1)</script>"
	v.State = `"><img src=x>`
	v.Signals[0].Signal = "<b>"
	v.Incidents[0].Timeline[0].Kind = "<script>"
	if body := get(t, newPage(t, &source{view: v}), "/status").Body.String(); strings.Contains(body, "<script") || strings.Contains(body, "<img") || strings.Contains(body, "<b>") {
		t.Error("page: got foreign markup, want none")
	}
}

func TestEmptyPage(t *testing.T) {
	log, err := incident.New(incident.Config{})
	if err != nil {
		t.Fatal(err)
	}
	body := get(t, newPage(t, &source{view: log.View(time.Now(), 20)}), "/status").Body.String()
	for _, want := range []string{"? Not known: nothing is measured", "There has been none.", "None are known."} {
		if !strings.Contains(body, want) {
			t.Errorf("page: got no %q, want it", want)
		}
	}
}

func TestJSON(t *testing.T) {
	want := theStory(t)
	p := newPage(t, &source{view: want})
	var got incident.View
	if err := json.Unmarshal(get(t, p, "/status.json").Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.State != want.State || len(got.Incidents) != 2 || got.Incidents[0].Severity != incident.SEV1 {
		t.Errorf("status.json: got %+v, want the view", got)
	}
	var one incident.Incident
	if err := json.Unmarshal(get(t, p, "/incidents/1.json").Body.Bytes(), &one); err != nil || one.ID != 1 || len(one.Timeline) == 0 {
		t.Errorf("incident 1: got %+v and %v, want its story", one, err)
	}
	for _, path := range []string{"/incidents/9.json", "/incidents/x.json", "/incidents/", "/", "/statuses"} {
		if w := get(t, p, path); w.Code != http.StatusNotFound {
			t.Errorf("%s: got %d, want 404", path, w.Code)
		}
	}
}

func TestOnlyRead(t *testing.T) {
	p := newPage(t, &source{view: theStory(t)})
	w := httptest.NewRecorder()
	p.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/status", http.NoBody))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST: got %d, want 405", w.Code)
	}
	tag := get(t, p, "/status").Header().Get("ETag")
	again := httptest.NewRequest(http.MethodGet, "/status", http.NoBody)
	again.Header.Set("If-None-Match", tag)
	w = httptest.NewRecorder()
	p.ServeHTTP(w, again)
	if w.Code != http.StatusNotModified || w.Body.Len() > 0 {
		t.Errorf("the same again: got %d with %d bytes, want 304 with none", w.Code, w.Body.Len())
	}
}

// TestUnderLoad: ten thousand ask, and the status is read once a second.
func TestUnderLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{view: theStory(t)}
		p := newPage(t, s)
		for range 10 {
			var readers sync.WaitGroup
			for range 1000 {
				readers.Go(func() {
					if w := get(t, p, "/status"); w.Code != http.StatusOK || w.Body.Len() == 0 {
						t.Errorf("page: got %d with %d bytes, want it", w.Code, w.Body.Len())
					}
				})
			}
			readers.Wait()
			time.Sleep(time.Second)
		}
		if got := s.asked.Load(); got != 10 {
			t.Errorf("rendered: got %d times in ten seconds, want ten", got)
		}
	})
}

// TestWhoRendersHoldsUpNobody: others are given what there was.
func TestWhoRendersHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &source{view: theStory(t), hang: make(chan struct{})}
		p := newPage(t, s)
		get(t, p, "/status")
		time.Sleep(2 * time.Second)
		go get(t, p, "/status")
		synctest.Wait()
		if w := get(t, p, "/status"); w.Code != http.StatusOK {
			t.Errorf("while another renders: got %d, want the last one", w.Code)
		}
		close(s.hang)
		synctest.Wait()
	})
}

func BenchmarkServe(b *testing.B) {
	p, err := New(&source{})
	if err != nil {
		b.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, "/status", http.NoBody)
	for b.Loop() {
		p.ServeHTTP(httptest.NewRecorder(), r)
	}
}
