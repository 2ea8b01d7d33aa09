package monitor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/incident"
)

// process is a target without a network: its pages by path, and its clock.
type process struct {
	pages map[string]string
	ahead time.Duration
	err   error
	hang  bool
}

func (p *process) RoundTrip(r *http.Request) (*http.Response, error) {
	if p.hang {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	if p.err != nil {
		return nil, p.err
	}
	answer := &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Date": {time.Now().Add(p.ahead).UTC().Format(http.TimeFormat)}},
	}
	page, ok := p.pages[r.URL.Path]
	switch {
	case !ok:
		answer.StatusCode = http.StatusNotFound
	case page == "":
		answer.StatusCode = http.StatusServiceUnavailable
	}
	answer.Body = io.NopCloser(strings.NewReader(page))
	return answer, nil
}

func TestProbe(t *testing.T) {
	metrics := "process_start_time_seconds 5\nchatnode_sessions 70\nchatnode_api_calls_total 9\nchatnode_api_calls_failed_total 2\nfirebreak_child_restarts_total{a=\"b\"} 3\n"
	full := incident.Report{Target: "x", Answer: incident.Answered, Ready: true, Started: 5, Sessions: 70, Calls: 9, Failed: 2, Restarts: 3, Throttle: -1}
	with := func(f func(*incident.Report)) incident.Report {
		r := full
		f(&r)
		return r
	}
	silent := incident.Report{Target: "x", Sessions: -1, Throttle: -1}
	for _, row := range []struct {
		name    string
		role    incident.Role
		process process
		want    incident.Report
	}{
		{"all", incident.ChatNode, process{pages: map[string]string{"/admin/metrics": metrics, "/admin/ready": "{}"}}, full},
		{"not ready", incident.ChatNode, process{pages: map[string]string{"/admin/metrics": metrics, "/admin/ready": ""}}, with(func(r *incident.Report) { r.Ready = false })},
		{"throttled", incident.ChatNode, process{pages: map[string]string{"/admin/metrics": metrics, "/admin/ready": "{}", "/admin/admission": `{"ramp":"200/s","rate":200}`}}, with(func(r *incident.Report) { r.Throttle = 200 })},
		{"stopped", incident.ChatNode, process{pages: map[string]string{"/admin/metrics": metrics, "/admin/ready": "{}", "/admin/admission": `{"ramp":"0/s","rate":0}`}}, with(func(r *incident.Report) { r.Throttle = 0 })},
		{"its own limit", incident.ChatNode, process{pages: map[string]string{"/admin/metrics": metrics, "/admin/ready": "{}", "/admin/admission": `{"ramp":"auto","rate":17.5}`}}, with(func(r *incident.Report) { r.Throttle, r.Automatic = 17.5, true })},
		{"no limit", incident.ChatNode, process{pages: map[string]string{"/admin/metrics": metrics, "/admin/ready": "{}", "/admin/admission": `{"ramp":"off","rate":null}`}}, full},
		{"a limit that cannot be", incident.ChatNode, process{pages: map[string]string{"/admin/metrics": metrics, "/admin/ready": "{}", "/admin/admission": `{"ramp":"x","rate":-1}`}}, full},
		{"repairs paused", incident.Store, process{pages: map[string]string{"/admin/metrics": metrics, "/admin/ready": "{}", "/admin/repairs": `{"state":"paused"}`}}, with(func(r *incident.Report) { r.Repairs = incident.RepairsStopped })},
		{"repairs run", incident.Store, process{pages: map[string]string{"/admin/metrics": metrics, "/admin/ready": "{}", "/admin/repairs": `{"state":"running"}`}}, with(func(r *incident.Report) { r.Repairs = incident.RepairsRun })},
		{"an older store", incident.Store, process{pages: map[string]string{"/admin/metrics": metrics, "/admin/ready": "{}", "/admin/repairs": `{}`}}, full},
		{"another server", incident.ChatNode, process{pages: map[string]string{"/admin/metrics": "<html>"}}, silent},
		{"no metrics", incident.ChatNode, process{pages: map[string]string{}}, silent},
		{"refused", incident.ChatNode, process{err: fmt.Errorf("dial: %w", syscall.ECONNREFUSED)}, with(func(r *incident.Report) { *r = silent; r.Answer = incident.Refused })},
		{"no such host", incident.ChatNode, process{err: errors.New("no such host")}, silent},
		{"hangs", incident.ChatNode, process{hang: true}, silent},
		{"clock ahead", incident.ChatNode, process{ahead: time.Minute, pages: map[string]string{"/admin/metrics": metrics, "/admin/ready": "{}"}}, with(func(r *incident.Report) { r.Skew = time.Minute + 500*time.Millisecond })},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := prober{&http.Client{Transport: &row.process}}
				began := time.Now()
				got := p.probe(t.Context(), Target{Target: incident.Target{ID: "x", Role: row.role}, Admin: "http://x"})
				if got.Skew > -leastShown && got.Skew < leastShown {
					got.Skew = 0
				}
				if got != row.want {
					t.Errorf("report:\n got %+v\nwant %+v", got, row.want)
				}
				if took := time.Since(began); took > probeLimit {
					t.Errorf("took %v, want at most %v", took, probeLimit)
				}
			})
		})
	}
}

// leastShown is the difference of clocks below which a whole-second date says nothing.
const leastShown = 2 * time.Second

// TestRoundIsBounded: a hundred targets that hang take no longer than their share.
func TestRoundIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var targets []Target
		for n := range incident.MaxTargets {
			targets = append(targets, Target{Target: incident.Target{ID: fmt.Sprint(n)}, Admin: "http://x"})
		}
		began := time.Now()
		reports := prober{&http.Client{Transport: &process{hang: true}}}.round(t.Context(), targets)
		if took, most := time.Since(began), probeLimit*time.Duration(incident.MaxTargets/probesAtOnce); took > most {
			t.Errorf("took %v, want at most %v", took, most)
		}
		for n, r := range reports {
			if r.Target != fmt.Sprint(n) || r.Answer != incident.Silent {
				t.Errorf("target %d: got %+v, want it silent", n, r)
			}
		}
	})
}

func TestSteadyClock(t *testing.T) {
	run := time.Date(2020, 3, 16, 14, 0, 0, 0, time.UTC)
	for _, row := range []struct {
		name    string
		ahead   time.Duration
		follows bool
	}{
		{"the same", 0, false},
		{"a little ahead", leap, false},
		{"it slept", leap + 1, true},
		{"set back", -time.Hour, false},
	} {
		wall := run.Add(row.ahead)
		want := run
		if row.follows {
			want = wall
		}
		if got := steady(run, wall); !got.Equal(want) {
			t.Errorf("%s: got %v, want %v", row.name, got, want)
		}
	}
}

// lines is a stream of events, as a chat node sends it, that stays open.
func lines(text ...string) transportFunc {
	streams := 0
	return func(r *http.Request) (*http.Response, error) {
		if streams == len(text) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		}
		streams++
		return &http.Response{
			StatusCode: http.StatusOK, Header: http.Header{"Date": {time.Now().UTC().Format(http.TimeFormat)}},
			Body: io.NopCloser(strings.NewReader(text[streams-1])),
		}, nil
	}
}

func TestFollower(t *testing.T) {
	// Virtual time begins here.
	at := func(seconds int) string {
		return time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(seconds) * time.Second).Format(time.RFC3339Nano)
	}
	event := func(seq, seconds int, kind, key string) string {
		return fmt.Sprintf(`{"seq":%d,"at":"%s","kind":%q,"service":"api","key":%q}`+"\n", seq, at(seconds), kind, key)
	}
	for _, row := range []struct {
		name    string
		streams []string
		want    string
	}{
		{"news", []string{event(1, 0, "key_quarantined", "a") + event(2, 0, "guard_engaged", "") + event(3, 0, "supervisor_gave_up", "")}, "poisoned guard_engaged gave_up"},
		{"nothing to tell", []string{event(1, 0, "snapshot_published", "") + "\nno json\n"}, ""},
		{"old at first", []string{event(1, -10, "key_quarantined", "a")}, ""},
		{"the same again", []string{event(1, 0, "key_quarantined", "a"), event(1, 0, "key_quarantined", "a") + event(2, 1, "key_released", "a")}, "poisoned healed"},
		{"missed while away", []string{event(1, 0, "x", ""), event(1, 0, "x", "") + event(2, -5, "key_quarantined", "a")}, "poisoned"},
		{"healed when all are", []string{event(1, 0, "key_quarantined", "a") + event(2, 0, "key_quarantined", "b") + event(3, 0, "key_released", "a") + event(4, 0, "key_released", "b")}, "poisoned poisoned healed"},
		{"a release of what was not bad", []string{event(1, 0, "key_released", "a")}, ""},
		{"another life", []string{event(7, 0, "key_quarantined", "a"), event(1, 1, "key_quarantined", "b") + event(2, 1, "key_released", "b")}, "poisoned poisoned healed"},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got []string
				f := newFollower(&http.Client{Transport: lines(row.streams...)}, "http://x", func(r report) { got = append(got, string(r.kind)) })
				ctx, stop := context.WithCancel(t.Context())
				done := make(chan struct{})
				go func() { f.run(ctx); close(done) }()
				time.Sleep(10 * time.Second)
				stop()
				<-done
				if text := strings.Join(got, " "); text != row.want {
					t.Errorf("told: got %q, want %q", text, row.want)
				}
			})
		})
	}
}
