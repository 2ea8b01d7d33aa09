package gateway

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gate"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
	"github.com/firebreak-go/firebreak/supervision/admission"
)

func manual(rate float64) admission.Ramp { return admission.Ramp{Mode: admission.Manual, Rate: rate} }

// gated is a server behind a gate of its own.
func gated(t *testing.T, cfg admission.Config, change func(*Config)) (*running, *gate.Gate) {
	t.Helper()
	turns, err := gate.New(gate.Config{Admission: cfg})
	if err != nil {
		t.Fatal(err)
	}
	r := serve(t, func(c *Config) {
		c.Gate, c.ResumeWindow = turns, time.Hour
		if change != nil {
			change(c)
		}
	})
	return r, turns
}

func ramp(t *testing.T, turns *gate.Gate, rate admission.Ramp) {
	t.Helper()
	if err := turns.SetRamp(rate); err != nil {
		t.Fatal(err)
	}
}

func TestDoorIsShut(t *testing.T) {
	t.Parallel()
	r, turns := gated(t, admission.Config{Ramp: manual(0)}, nil)
	_, answer, err := websocket.Dial(t.Context(), r.url, nil)
	if err == nil || answer == nil || answer.StatusCode != http.StatusServiceUnavailable {
		t.Fatalf("connection at a rate of nobody: got %v, want status 503", err)
	}
	if after, err := strconv.Atoi(answer.Header.Get("Retry-After")); err != nil || after < 15 || after > 46 {
		t.Errorf("Retry-After: got %d, %v, want 15 to 45 seconds", after, err)
	}
	if s, f := r.Stats(), turns.Figures(); s.Refused != 1 || s.Sessions != 0 || f.IdentifyRejected != 1 {
		t.Errorf("figures: got %+v and %+v, want one refused and no session", s, f)
	}
	ramp(t, turns, manual(100))
	c := r.dial(t, "/")
	c.hears(`"op":10`)
	c.say(identifyFrame)
	c.hears(`"READY"`)
}

// TestIdentifyWaitsTooLong: its client is told to come back, and the loader hears nothing of it.
func TestIdentifyWaitsTooLong(t *testing.T) {
	t.Parallel()
	loads := make(chan string, 1)
	r, turns := gated(t, admission.Config{Ramp: manual(0.001), Patience: 50 * time.Millisecond}, func(c *Config) {
		c.Loader = loaderFunc(func(ctx context.Context, token string) (protocol.User, error) {
			loads <- token
			return loadAnyone(ctx, token)
		})
	})
	lucky := r.dial(t, "/")
	lucky.say(identifyFrame) // the one that a rate always begins with
	lucky.hears(`"op":10`)
	lucky.hears(`"READY"`)
	<-loads
	c := r.dial(t, "/")
	c.say(strings.Replace(identifyFrame, "t1", "t2", 1))
	c.hears(`"op":10`)
	c.closesWith(protocol.CloseUnknown)
	r.eventually(t, "one rejected", func(s Stats) bool { return s.IdentifyRejected == 1 && s.IdentifyFailed == 0 && s.Sessions == 1 })
	if len(loads) > 0 {
		t.Errorf("loads: got one of %s, want none", <-loads)
	}
	if f := turns.Figures(); f.QueueAgeMSMax < 50 || f.IdentifyRejected != 1 || f.Lanes[admission.Identify].Waiting != 0 {
		t.Errorf("figures: got %+v, want one that waited 50 ms", f)
	}
}

// TestResumeWaits: a session whose Resume is refused waits on, and a Resume comes before an Identify.
func TestResumeWaits(t *testing.T) {
	t.Parallel()
	r, turns := gated(t, admission.Config{Ramp: manual(1000), Patience: 100 * time.Millisecond}, nil)
	f := r.follow(t, "/")
	f.login("t1", allIntents)
	_ = f.ws.Close(4000, "back soon")
	r.eventually(t, "the session waits", func(s Stats) bool { return s.Parked == 1 })

	impatient := r.follow(t, "/")
	other := r.dial(t, "/")
	other.hears(`"op":10`)
	ramp(t, turns, manual(0))
	impatient.resume(f)
	impatient.closesWith(protocol.CloseUnknown)
	if got := r.Stats(); got.Parked != 1 || got.ResumeRefused != 1 {
		t.Errorf("after a Resume that waited too long: got %+v, want the session kept", got)
	}
	other.say(strings.Replace(identifyFrame, "t1", "t2", 1))
	other.closesWith(protocol.CloseUnknown)

	ramp(t, turns, manual(1000))
	second := r.follow(t, "/")
	second.resume(f)
	second.hear("RESUMED 2")
}

// TestLostSessionIsAnsweredAtOnce: that there is none costs nothing, so nobody waits to hear it.
func TestLostSessionIsAnsweredAtOnce(t *testing.T) {
	t.Parallel()
	r, turns := gated(t, admission.Config{Ramp: manual(1000), Patience: time.Hour}, nil)
	c := r.dial(t, "/")
	c.hears(`"op":10`)
	ramp(t, turns, manual(0))
	c.say(`{"op":6,"d":{"token":"t1","session_id":"node-1.gone","seq":4}}`)
	c.hears(`"op":9`)
}

// TestWaitingEndsWithItsConnection: nobody is granted who has gone, and a stop waits for nobody.
func TestWaitingEndsWithItsConnection(t *testing.T) {
	t.Parallel()
	r, turns := gated(t, admission.Config{Ramp: manual(1000), Patience: time.Hour}, nil)
	leaves, stays := r.dial(t, "/"), r.dial(t, "/")
	leaves.hears(`"op":10`)
	stays.hears(`"op":10`)
	ramp(t, turns, manual(0))
	leaves.say(identifyFrame)
	stays.say(identifyFrame)
	waiting := func(n int) func(Stats) bool {
		return func(Stats) bool { return turns.Figures().Lanes[admission.Identify].Waiting == n }
	}
	r.eventually(t, "two wait", waiting(2))
	_ = leaves.ws.CloseNow()
	r.eventually(t, "one waits", waiting(1))
	r.stop()
	if err := r.wait(t); err != nil {
		t.Errorf("stop: got %v, want nil", err)
	}
	if f := turns.Figures(); f.Lanes[admission.Identify].Left != 2 || f.InFlight != 0 || f.Door.Expected != 0 {
		t.Errorf("figures after the stop: got %+v, want two that left", f)
	}
}

// TestOlderResumeComesTooLate: of two Resumes of one session, the newer has it, in whichever order their turns come.
func TestOlderResumeComesTooLate(t *testing.T) {
	t.Parallel()
	r := serve(t, func(c *Config) { c.ResumeWindow = time.Hour })
	f := r.follow(t, "/")
	f.login("t1", allIntents)
	s := r.only(t).seat
	second := r.follow(t, "/")
	second.resume(f)
	second.hear("RESUMED 2")
	late := r.dial(t, "/")
	late.hears(`"op":10`)
	for _, c := range r.connections() {
		c.mu.Lock()
		anonymous := c.seat == nil && c.last.Code == 0
		c.mu.Unlock()
		if anonymous {
			s.resume(t.Context(), c, protocol.FindSession{Node: "node-1", ID: f.session, Token: "t1", Seq: 1}, 0)
		}
	}
	late.closesWith(protocol.CloseTimedOut)
	second.say(`{"op":1,"d":2}`)
	second.hear("op 11")
}

func TestGoodput(t *testing.T) {
	t.Parallel()
	var g goodput
	if got := g.perSecond(); got != 0 {
		t.Errorf("before any reading: got %v, want 0", got)
	}
	start := time.Unix(0, 0)
	for i := range 20 {
		g.add(start.Add(time.Duration(i)*time.Second), uint64(i*i))
	}
	if got, want := g.perSecond(), float64(19*19-14*14)/5; got != want {
		t.Errorf("over the last five seconds: got %v, want %v", got, want)
	}
}

// TestLibrariesComeBack: both libraries are kept out at the door, then wait in vain, and come back by themselves with the
// session that they had.
func TestLibrariesComeBack(t *testing.T) {
	t.Parallel()
	for _, library := range []string{"discordgo", "disgo"} {
		t.Run(library, func(t *testing.T) {
			t.Parallel()
			guilds := &hosting{server: make(chan *Server, 1)}
			r, turns := gated(t, admission.Config{Ramp: manual(1000), Patience: 100 * time.Millisecond}, func(c *Config) { c.Guilds = guilds })
			guilds.server <- r.Server
			rest := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				_, _ = fmt.Fprintf(w, `{"url":%q}`, r.url)
			}))
			defer rest.Close()
			s := start(t, "-library", library, "-token", "t1", "-rest", rest.URL, "-gateway", r.url)
			s.hears("ready", "guild harbor 2 general")

			ramp(t, turns, manual(0))
			r.cut()
			r.eventually(t, "refused at the door", func(s Stats) bool { return s.Refused > 0 })
			ramp(t, turns, manual(0.001)) // the door is open, and nobody's turn comes after this one
			pass, err := turns.Enter(t.Context(), gate.Request{Lane: admission.Load})
			if err != nil {
				t.Fatal(err)
			}
			pass.End(false)
			r.eventually(t, "waited in vain", func(Stats) bool { return turns.Figures().Lanes[admission.Resume].Refused["expired"] > 0 })
			ramp(t, turns, manual(1000))
			s.hears("resumed")
			r.message(t, "still here")
			s.hears("message still here")
			s.does("close")
			r.eventually(t, "no session", func(s Stats) bool { return s.Sessions == 0 && s.Parked == 0 })
		})
	}
}
