package monitor

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/incident"
)

const (
	// probeLimit bounds all questions to one target in one round.
	probeLimit = 2 * time.Second
	// probesAtOnce is how many targets are asked at a time.
	probesAtOnce = 64
	// maxAnswerBytes bounds an answer that is no metrics.
	maxAnswerBytes = 64 << 10
	// maxThrottle is the highest rate that counts as a limit.
	maxThrottle = 1e6
)

// Target is one process to watch.
type Target struct {
	incident.Target
	// Admin is the base URL of its admin listener.
	Admin string
}

// Probe asks one target once, for 2 s at most. It is what a [Monitor] does in its rounds.
func Probe(ctx context.Context, client *http.Client, t Target) incident.Report {
	return prober{client}.probe(ctx, t)
}

// prober asks targets how they are.
type prober struct{ client *http.Client }

// round asks all of them and returns when each has answered or its time is over.
func (p prober) round(ctx context.Context, targets []Target) []incident.Report {
	reports := make([]incident.Report, len(targets))
	places := make(chan struct{}, probesAtOnce)
	var probes sync.WaitGroup
	for i, t := range targets {
		places <- struct{}{}
		probes.Go(func() {
			defer func() { <-places }()
			reports[i] = p.probe(ctx, t)
		})
	}
	probes.Wait()
	return reports
}

// probe asks one target.
func (p prober) probe(ctx context.Context, t Target) incident.Report {
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	r := incident.Report{Target: t.ID, Sessions: -1, Throttle: -1}
	asked := time.Now()
	reply, err := p.get(ctx, t.Admin+"/admin/metrics")
	if err != nil {
		r.Answer = answerOf(err)
		return r
	}
	r.Skew = skew(reply.Header.Get("Date"), asked, time.Now())
	metrics, err := readMetrics(reply.Body)
	_ = reply.Body.Close()
	if err != nil || reply.StatusCode != http.StatusOK {
		return r // it answers, and not as a target does: as good as silent
	}
	r.Started, r.Restarts = metrics[metricStarted], metrics[metricRestarts]
	r.Calls, r.Failed = metrics[metricCalls], metrics[metricFailed]
	if sessions, ok := metrics[metricSessions]; ok {
		r.Sessions = sessions
	}
	status, _, err := p.ask(ctx, t.Admin+"/admin/ready")
	if err != nil {
		return r
	}
	r.Answer, r.Ready = incident.Answered, status == http.StatusOK
	p.askMore(ctx, t, &r)
	return r
}

// askMore asks what only some targets know. Without an answer they count as knowing
// nothing of it.
func (p prober) askMore(ctx context.Context, t Target, r *incident.Report) {
	if t.Role == incident.ChatNode {
		if status, body, err := p.ask(ctx, t.Admin+"/admin/admission"); err == nil && status == http.StatusOK {
			r.Throttle, r.Automatic = throttleOf(body)
		}
	}
	if t.Role == incident.Store {
		if status, body, err := p.ask(ctx, t.Admin+"/admin/repairs"); err == nil && status == http.StatusOK {
			r.Repairs = repairsOf(body)
		}
	}
}

// throttleOf reads a chat node's admission: "ramp" is how it was set ("off", "auto",
// "200/s"), "rate" what it lets in at present. What makes no sense is no limit.
func throttleOf(body []byte) (rate float64, automatic bool) {
	var answer struct {
		Ramp string   `json:"ramp"`
		Rate *float64 `json:"rate"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Ramp == "off" || answer.Rate == nil {
		return -1, false
	}
	if rate = *answer.Rate; !(rate >= 0 && rate <= maxThrottle) {
		return -1, false
	}
	return rate, answer.Ramp == "auto"
}

// repairsOf reads whether the store's repairs are paused.
func repairsOf(body []byte) incident.Repairs {
	var answer struct {
		State string `json:"state"`
	}
	if json.Unmarshal(body, &answer) != nil {
		return incident.RepairsUnknown
	}
	switch answer.State {
	case "paused":
		return incident.RepairsStopped
	case "running", "waiting":
		return incident.RepairsRun
	}
	return incident.RepairsUnknown
}

func (p prober) get(ctx context.Context, url string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	return p.client.Do(request)
}

func (p prober) ask(ctx context.Context, url string) (int, []byte, error) {
	reply, err := p.get(ctx, url)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = reply.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(reply.Body, maxAnswerBytes))
	return reply.StatusCode, body, err
}

// answerOf tells a machine that says no from one that says nothing.
func answerOf(err error) incident.Answer {
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) {
		return incident.Refused
	}
	return incident.Silent
}

// skew is how far the clock behind a Date header is ahead of ours, given when we
// asked and were answered. The header has whole seconds, cut off.
func skew(date string, asked, answered time.Time) time.Duration {
	theirs, err := http.ParseTime(date)
	if err != nil {
		return 0
	}
	middle := asked.Add(answered.Sub(asked) / 2)
	return theirs.Add(500 * time.Millisecond).Sub(middle.Round(0))
}
