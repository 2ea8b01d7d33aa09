package load

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http/httptrace"
	"time"

	"github.com/coder/websocket"

	"github.com/firebreak-go/firebreak/supervision/backoff"
)

const (
	// dialTimeout is how long a handshake may take.
	dialTimeout = 5 * time.Second
	// maxStartSeconds keeps the start of a user within what a duration can hold, however low the rate.
	maxStartSeconds = 1e9
)

// user is one synthetic user. Only its own goroutine touches it.
type user struct {
	number   int
	token    string
	identify []byte
	random   *rand.Rand
	failures int // in a row; a session of healthy length begins a new row
	memory   memory
	session  *session // of the memory; nil before the first
}

func newUser(number int, seed uint64, token string, identify []byte) *user {
	return &user{number: number, token: token, identify: identify, random: rand.New(rand.NewPCG(seed, uint64(number)))}
}

// keepUp keeps the user connected until ctx ends.
func (l *Load) keepUp(ctx context.Context, u *user) {
	delay := startDelay(u.number, l.cfg.Rate)
	for pause(ctx, delay) {
		connected, err := l.attempt(ctx, u)
		if err != nil {
			l.tally.failed(err)
			l.cfg.Log.Debug().Int("user", u.number).Err(err).Msg("attempt failed")
		}
		delay = u.nextDelay(l.cfg.Backoff, connected)
		if l.cfg.AtOnce {
			delay = 0
		}
	}
}

// nextDelay is the wait after a session of the given length, or after none.
func (u *user) nextDelay(policy backoff.Policy, connected time.Duration) time.Duration {
	if connected >= policy.ResetAfter() {
		u.failures = 0
	}
	u.failures++
	return policy.Delay(u.failures, u.random.Float64())
}

// attempt is one try from the dial to the end of the session. It returns how long the user was connected, or why it
// never was.
func (l *Load) attempt(ctx context.Context, u *user) (time.Duration, error) {
	gateway := l.gateways[u.random.IntN(len(l.gateways))]
	if own, ok := l.resumeAt(u.memory); ok {
		gateway = own
	}
	machine := client{
		identify: u.identify, token: u.token, run: l.run, resumes: l.cfg.Resume, memory: u.memory,
		jitter: u.random.Float64(), pause: l.pauseOf(u.random.Float64()),
	}
	select {
	case l.dials <- struct{}{}:
	case <-ctx.Done():
		return 0, nil // nothing was attempted
	}
	l.tally.attempted()
	begun := time.Now()
	ws, socket, err := l.dial(ctx, gateway)
	<-l.dials
	if err != nil {
		u.memory.url = "" // the node may be gone: another one finds out
		return 0, err
	}
	link := &link{
		ws: ws, socket: socket, crowd: l, user: u.number, begun: begun,
		fresh: machine.memory.session == "", machine: machine, session: u.session,
	}
	if l.cfg.Compress == CompressStream {
		link.stream = &stream{}
	}
	connected, err := keep(ctx, link)
	u.memory, u.session = link.machine.memory, link.session
	return connected, err
}

// resumeAt is where a session is to be resumed, if its gateway has said so in a way that can be used.
func (l *Load) resumeAt(m memory) (gateway string, ok bool) {
	if !l.cfg.Resume || m.session == "" || m.url == "" {
		return "", false
	}
	complete, err := address(m.url, l.cfg.Compress)
	return complete, err == nil
}

// The bounds of the pause between a lost session and the Identify that follows, as Discord asks for it.
const (
	shortestPause = time.Second
	longestPause  = 5 * time.Second
)

// pauseOf draws that pause. Who comes back at once does not wait here either.
func (l *Load) pauseOf(random float64) time.Duration {
	if l.cfg.AtOnce {
		return 0
	}
	return shortestPause + time.Duration(random*float64(longestPause-shortestPause))
}

// dial returns the connection and the socket under it.
func (l *Load) dial(ctx context.Context, gateway string) (ws *websocket.Conn, socket net.Conn, err error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(info httptrace.GotConnInfo) { socket = info.Conn },
	})
	ws, _, err = websocket.Dial(traced, gateway, &websocket.DialOptions{HTTPClient: l.web})
	if err != nil {
		return nil, nil, fmt.Errorf("load: dialling %s: %w", gateway, err)
	}
	return ws, socket, nil
}

// startDelay spreads the beginning of the users evenly: user n begins n steps after the first.
func startDelay(number int, rate float64) time.Duration {
	if rate <= 0 {
		return 0
	}
	seconds := min(float64(number)/rate, maxStartSeconds)
	return time.Duration(seconds * float64(time.Second))
}

// pause waits and answers whether there is still something to do.
func pause(ctx context.Context, delay time.Duration) bool {
	if delay <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}
