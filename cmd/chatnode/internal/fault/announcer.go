package fault

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"
)

// Defaults of [TornConfig].
const (
	DefaultTTL   = time.Minute
	DefaultRetry = 2 * time.Second

	announceTimeout = 10 * time.Second
	maxAnswer       = 4 << 10
)

// errNoResponse is what the announcer of 2020 logged, word by word.
var errNoResponse = errors.New("remote end closed connection without response")

// TornConfig says what to announce and where. Endpoint, Key and Value have no default.
type TornConfig struct {
	// Endpoint is an etcd's client URL, "http://127.0.0.1:2379".
	Endpoint string
	// Key and Value are what is written; the value is not looked at.
	Key, Value string
	// TTL is sent with the value, in whole seconds; 0 means 60 s.
	TTL time.Duration
	// Interval is the time between two announcements; 0 means a third of the TTL.
	Interval time.Duration
	// Retry is the time from a failed announcement to the next; 0 means 2 s.
	Retry time.Duration
	// Log gets a line for each failure.
	Log zerolog.Logger
	// Announced, which may be nil, is called after each announcement that etcd
	// accepted. It runs in the announcer and must not block.
	Announced func(at time.Time)
}

func (c TornConfig) withDefaults() TornConfig {
	fill := func(field *time.Duration, value time.Duration) {
		if *field == 0 {
			*field = value
		}
	}
	fill(&c.TTL, DefaultTTL)
	fill(&c.Interval, c.TTL/3)
	fill(&c.Retry, DefaultRetry)
	if c.Announced == nil {
		c.Announced = func(time.Time) {}
	}
	return c
}

// TornAnnouncer announces one record the way of 2020: the request's headers in one
// write, the form in a second, the whole of it at each beat, with no renewal, no
// look at the echo and no repair. Made by [NewTornAnnouncer].
type TornAnnouncer struct {
	cfg        TornConfig
	addr       string
	head, form []byte
}

// NewTornAnnouncer checks the configuration and lays the request out; it sends nothing.
func NewTornAnnouncer(cfg TornConfig) (*TornAnnouncer, error) {
	cfg = cfg.withDefaults()
	u, err := url.Parse(cfg.Endpoint)
	switch {
	case err != nil || u.Scheme != "http" || u.Port() == "":
		return nil, fmt.Errorf("fault: endpoint %q: write it like http://127.0.0.1:2379", cfg.Endpoint)
	case !strings.HasPrefix(cfg.Key, "/") || strings.HasSuffix(cfg.Key, "/"):
		return nil, fmt.Errorf("fault: key %q: write it like /services/api/api-1", cfg.Key)
	case cfg.TTL < time.Second || cfg.Interval < 0 || cfg.Retry < 0:
		return nil, fmt.Errorf("fault: TTL %v, interval %v, retry %v: use at least a second of TTL and nothing negative", cfg.TTL, cfg.Interval, cfg.Retry)
	}
	seconds := strconv.FormatInt(int64(cfg.TTL/time.Second), 10)
	form := "value=" + url.QueryEscape(cfg.Value) + "&ttl=" + seconds
	path := (&url.URL{Path: "/v2/keys" + cfg.Key}).EscapedPath()
	head := "PUT " + path + " HTTP/1.1\r\nHost: " + u.Host + "\r\nConnection: close\r\n" +
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: " + strconv.Itoa(len(form)) + "\r\n\r\n"
	return &TornAnnouncer{cfg: cfg, addr: u.Host, head: []byte(head), form: []byte(form)}, nil
}

// Run announces until ctx ends: at once, after Retry when that failed, after
// Interval when it did not. It deletes nothing when it ends: the record stays
// until its TTL is over, or for good when a cut write took the TTL away.
func (a *TornAnnouncer) Run(ctx context.Context) {
	for {
		delay := a.cfg.Interval
		if err := a.announce(ctx); err != nil {
			if ctx.Err() != nil {
				return
			}
			delay = a.cfg.Retry
			a.cfg.Log.Error().Err(err).Str("key", a.cfg.Key).Dur("again_in", delay).Msg("announcing failed")
		} else {
			a.cfg.Announced(time.Now())
		}
		again := time.NewTimer(delay)
		select {
		case <-ctx.Done():
			again.Stop()
			return
		case <-again.C:
		}
	}
}

// announce is one PUT over one connection, in two packets.
func (a *TornAnnouncer) announce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, announceTimeout)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", a.addr)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	release := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer release()

	// Go sends small packets at once, so these are two.
	for _, part := range [][]byte{a.head, a.form} {
		if _, err := conn.Write(part); err != nil {
			return err
		}
	}
	resp, err := http.ReadResponse(bufio.NewReader(io.LimitReader(conn, maxAnswer)), nil)
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errNoResponse
	case err != nil:
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode/100 != 2 {
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 128))
		return fmt.Errorf("etcd answered %s %q", resp.Status, text)
	}
	return nil
}
