package monitor

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/incident"
	"github.com/firebreak-go/firebreak/supervision/backoff"
)

const (
	// webhookQueue is how many notices wait for one webhook; more are dropped.
	webhookQueue = 64
	// webhookLimit bounds one call, webhookTries how often a notice is tried: with
	// the backoff for about five minutes, or ten when every call hangs.
	webhookLimit = 5 * time.Second
	webhookTries = 12
	// maxReplyBytes is how much of an answer is read, so that a connection can serve
	// the next call.
	maxReplyBytes = 4 << 10
)

// webhookPause is the backoff between tries.
func webhookPause() backoff.Policy {
	return backoff.Policy{Base: time.Second, Cap: time.Minute, Jitter: backoff.Equal}
}

// Notice is the body of a webhook's call.
type Notice struct {
	// Event is "opened", "escalated" or "closed".
	Event string `json:"event"`
	// Delivery is the same for every try, so that its reader can drop a repetition.
	Delivery string            `json:"delivery"`
	Severity incident.Severity `json:"severity"`
	// Text is one line for people.
	Text     string            `json:"text"`
	Incident incident.Incident `json:"incident"`
}

// notice is what people are told of a step, or nothing.
func notice(s incident.Step) (Notice, bool) {
	event, ok := map[incident.Kind]string{
		incident.Paged: "opened", incident.Escalated: "escalated", incident.Closed: "closed",
	}[s.Kind]
	if !ok {
		return Notice{}, false
	}
	n := Notice{
		Event: event, Severity: s.Incident.Severity, Incident: s.Incident,
		Delivery: fmt.Sprintf("%d-%s-%s", s.Incident.ID, event, s.Incident.Severity),
	}
	for _, e := range s.Incident.Timeline {
		if e.Kind == s.Kind {
			n.Text = fmt.Sprintf("Incident %d: %s", s.Incident.ID, e.Text())
		}
	}
	return n, true
}

// webhook calls one URL, a notice after the other.
type webhook struct {
	url    string
	secret string
	client *http.Client
	log    zerolog.Logger
	queue  chan Notice

	sent, failed, dropped atomic.Uint64
}

func newWebhook(to, secret string, client *http.Client, log zerolog.Logger) *webhook {
	// Not followed: a redirect would carry the secret elsewhere.
	own := *client
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	host := "unknown"
	if u, err := url.Parse(to); err == nil {
		host = u.Host // the path of a webhook often is a secret itself
	}
	return &webhook{
		url: to, secret: secret, client: &own, log: log.With().Str("webhook", host).Logger(),
		queue: make(chan Notice, webhookQueue),
	}
}

// put queues a notice; it never waits.
func (w *webhook) put(n Notice) {
	select {
	case w.queue <- n:
	default:
		if w.dropped.Add(1) == 1 {
			w.log.Error().Int("waiting", webhookQueue).Msg("too many notices wait for the webhook: this one is dropped, and later ones only counted")
		}
	}
}

// run delivers until ctx ends; what waits then is left.
func (w *webhook) run(ctx context.Context) {
	for {
		select {
		case n := <-w.queue:
			w.deliver(ctx, n)
		case <-ctx.Done():
			if left := len(w.queue); left > 0 {
				w.log.Warn().Int("notices", left).Msg("stopped before the webhook took all notices")
			}
			return
		}
	}
}

// deliver tries until the webhook takes the notice, refuses it for good, or the
// tries are used up.
func (w *webhook) deliver(ctx context.Context, n Notice) {
	body, err := json.Marshal(n)
	if err != nil {
		w.log.Error().Err(err).Msg("a notice cannot be written")
		return
	}
	for try := 1; ; try++ {
		again, err := w.post(ctx, n.Delivery, body)
		switch {
		case err == nil:
			w.sent.Add(1)
			if try > 1 {
				w.log.Info().Str("delivery", n.Delivery).Int("tries", try).Msg("the webhook took the notice after all")
			}
			return
		case ctx.Err() != nil:
			return
		case !again || try >= webhookTries:
			w.failed.Add(1)
			w.log.Error().Str("delivery", n.Delivery).Int("tries", try).Str("reason", reason(err)).Msg("the webhook did not take the notice; it is given up")
			return
		case try == 1:
			w.log.Warn().Str("delivery", n.Delivery).Str("reason", reason(err)).Msg("the webhook does not take the notice; trying again")
		}
		select {
		case <-time.After(webhookPause().Delay(try, rand.Float64())):
		case <-ctx.Done():
			return
		}
	}
}

// post makes one call. again says whether another may do better.
func (w *webhook) post(ctx context.Context, delivery string, body []byte) (again bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, webhookLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Firebreak-Delivery", delivery)
	if w.secret != "" {
		request.Header.Set("Authorization", "Bearer "+w.secret)
	}
	reply, err := w.client.Do(request)
	if err != nil {
		return true, err
	}
	defer func() { _ = reply.Body.Close() }()
	_, _ = io.CopyN(io.Discard, reply.Body, maxReplyBytes)
	switch code := reply.StatusCode; {
	case code/100 == 2:
		return false, nil
	case code/100 == 5, code == http.StatusRequestTimeout, code == http.StatusTooManyRequests:
		return true, fmt.Errorf("status %d", code)
	default:
		return false, fmt.Errorf("status %d", code)
	}
}

// reason is an error without the URL, of which the path may be a secret.
func reason(err error) string {
	if u, ok := err.(*url.Error); ok { //nolint:errorlint // what the client returns, unwrapped
		if u.Timeout() {
			return fmt.Sprintf("no answer within %v", webhookLimit)
		}
		return u.Err.Error()
	}
	return err.Error()
}
