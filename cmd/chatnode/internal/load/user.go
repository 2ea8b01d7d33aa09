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
	identify []byte
	random   *rand.Rand
	failures int // in a row; a session of healthy length begins a new row
}

func newUser(number int, seed uint64, identify []byte) *user {
	return &user{number: number, identify: identify, random: rand.New(rand.NewPCG(seed, uint64(number)))}
}

// run keeps the user connected until ctx ends.
func (l *Load) run(ctx context.Context, u *user) {
	delay := startDelay(u.number, l.cfg.Rate)
	for pause(ctx, delay) {
		connected, err := l.attempt(ctx, u)
		if err != nil {
			l.tally.failed(err)
			l.cfg.Log.Debug().Int("user", u.number).Err(err).Msg("attempt failed")
		}
		delay = u.nextDelay(l.cfg.Backoff, connected)
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
	machine := client{identify: u.identify, jitter: u.random.Float64()}
	select {
	case l.dials <- struct{}{}:
	case <-ctx.Done():
		return 0, nil // nothing was attempted
	}
	l.tally.attempted()
	ws, socket, err := l.dial(ctx, gateway)
	<-l.dials
	if err != nil {
		return 0, err
	}
	return keep(ctx, &link{ws: ws, socket: socket, tally: l.tally, machine: machine})
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
