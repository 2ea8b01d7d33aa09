package monitor

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/incident"
)

func newStop(t *testing.T) (context.Context, context.CancelFunc) {
	t.Helper()
	return context.WithCancel(t.Context())
}

// transportFunc answers requests without a network.
type transportFunc func(*http.Request) (*http.Response, error)

func (f transportFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func reply(status int) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("thanks"))}
}

func testNotice(id string) Notice {
	return Notice{Event: "opened", Delivery: id, Severity: incident.SEV1}
}

func TestWebhookIsCalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got Notice
		var header http.Header
		w := newWebhook("https://example.test/secret/path", "s3cret", &http.Client{Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
			header = r.Header
			return reply(http.StatusNoContent), json.NewDecoder(r.Body).Decode(&got)
		})}, zerolog.Nop())
		ctx, stop := newStop(t)
		go w.run(ctx)
		w.put(testNotice("1-opened-SEV1"))
		synctest.Wait()
		stop()
		if got.Delivery != "1-opened-SEV1" || got.Event != "opened" || got.Severity != incident.SEV1 {
			t.Errorf("body: got %+v, want the notice", got)
		}
		if header.Get("Authorization") != "Bearer s3cret" || header.Get("Content-Type") != "application/json" || header.Get("X-Firebreak-Delivery") != "1-opened-SEV1" {
			t.Errorf("header: got %v, want the secret, JSON and the delivery", header)
		}
		if w.sent.Load() != 1 || w.failed.Load() != 0 {
			t.Errorf("counted: got %d sent and %d failed, want one and none", w.sent.Load(), w.failed.Load())
		}
	})
}

// TestWebhookThatHangs harms nothing: putting never waits, every call is bounded,
// each notice is given up at last, what is too much is dropped, and it is said.
func TestWebhookThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		calls := 0
		w := newWebhook("https://example.test/hush", "", &http.Client{Transport: transportFunc(func(r *http.Request) (*http.Response, error) {
			calls++
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}, zerolog.New(zerolog.SyncWriter(&log)))
		ctx, stop := newStop(t)
		done := make(chan struct{})
		go func() { w.run(ctx); close(done) }()
		began := time.Now()
		for range webhookQueue + 10 {
			w.put(testNotice("x"))
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("putting: got %v, want no wait", took)
		}
		if got := w.dropped.Load(); got < 9 || got > 10 {
			t.Errorf("dropped: got %d, want what is over the limit", got)
		}
		time.Sleep(15 * time.Minute)
		synctest.Wait()
		if got := w.failed.Load(); got < 1 || got > 2 {
			t.Errorf("given up in a quarter of an hour: got %d, want one or two", got)
		}
		began = time.Now()
		stop()
		<-done
		if took := time.Since(began); took != 0 {
			t.Errorf("stopping: got %v, want at once", took)
		}
		said := log.String()
		for _, want := range []string{"does not take the notice", "no answer within 5s", "it is given up", "dropped", "example.test"} {
			if !strings.Contains(said, want) {
				t.Errorf("said: got %s, want %q", said, want)
			}
		}
		if strings.Contains(said, "hush") {
			t.Errorf("said: got %s, want no path: it may be a secret", said)
		}
		if strings.Count(said, "dropped") != 1 {
			t.Errorf("said: got %s, want the first drop only", said)
		}
		if calls < webhookTries {
			t.Errorf("calls: got %d, want %d at least", calls, webhookTries)
		}
	})
}

func TestReasonHasNoPath(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		w := newWebhook("https://example.test/hush", "", &http.Client{Transport: transportFunc(func(*http.Request) (*http.Response, error) {
			return nil, errors.New("connection refused")
		})}, zerolog.New(zerolog.SyncWriter(&log)))
		w.deliver(t.Context(), testNotice("x"))
		if said := log.String(); strings.Contains(said, "hush") || !strings.Contains(said, "connection refused") {
			t.Errorf("said: got %s, want the reason without the path", said)
		}
	})
}

func TestWebhookTriesAgain(t *testing.T) {
	for _, row := range []struct {
		name         string
		answers      []int // 0 for no connection
		sent, failed uint64
		calls        int
	}{
		{"at once", []int{200}, 1, 0, 1},
		{"after a refusal", []int{0, 200}, 1, 0, 2},
		{"after trouble of its own", []int{500, 503, 429, 408, 202}, 1, 0, 5},
		{"not where it is wrong", []int{404}, 0, 1, 1},
		{"not elsewhere", []int{302}, 0, 1, 1},
		{"not for ever", []int{503}, 0, 1, webhookTries},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls := 0
				w := newWebhook("http://example.test", "", &http.Client{Transport: transportFunc(func(*http.Request) (*http.Response, error) {
					status := row.answers[min(calls, len(row.answers)-1)]
					calls++
					if status == 0 {
						return nil, errors.New("refused")
					}
					r := reply(status)
					r.Header.Set("Location", "http://elsewhere.test")
					return r, nil
				})}, zerolog.Nop())
				w.deliver(t.Context(), testNotice("x"))
				if w.sent.Load() != row.sent || w.failed.Load() != row.failed || calls != row.calls {
					t.Errorf("got %d sent, %d failed, %d calls, want %d, %d, %d", w.sent.Load(), w.failed.Load(), calls, row.sent, row.failed, row.calls)
				}
			})
		})
	}
}

func TestNotice(t *testing.T) {
	i := lived(t).Incidents()[1]
	n, ok := notice(incident.Step{Kind: incident.Paged, Incident: i})
	if !ok || n.Event != "opened" || n.Delivery != "2-opened-SEV1" || n.Text != "Incident 2: Paged, SEV1: sessions were lost" {
		t.Errorf("notice: got %+v, want an opening in words", n)
	}
	if _, ok := notice(incident.Step{Kind: incident.Throttled, Incident: i}); ok {
		t.Error("a throttle: got a notice, want none: nobody is woken for it")
	}
}
