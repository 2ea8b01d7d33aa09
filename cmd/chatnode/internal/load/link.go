package load

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/coder/websocket"
)

const (
	// writeTimeout is how long one message may take to leave.
	writeTimeout = 5 * time.Second
	// closeGrace is how long a gateway may take to answer a close frame.
	closeGrace = time.Second
	// maxMessageBytes bounds what a gateway may send at once.
	maxMessageBytes = 4 << 20
)

// link carries out what the machine of one connection asks for. Reading is done by the user's own goroutine; the timer,
// the end of the context and the goodbye borrow one while they have something to do.
type link struct {
	ws      *websocket.Conn
	socket  net.Conn // under ws; closing it ends whatever ws waits for
	crowd   *Load
	user    int
	begun   time.Time      // when the dial began
	fresh   bool           // there was no session to resume
	goodbye sync.WaitGroup // the close handshake, where there is one
	stream  *stream        // the reader's; nil unless the connection is one compressed stream

	mu      sync.Mutex // owns everything below
	machine client
	session *session // nil before the user's first
	timer   *time.Timer
	readyAt time.Time // zero before READY or RESUMED
	last    hangUp    // how the user ended the session; the code is zero where it did not
	cutAt   time.Time // when the patience with a goodbye ends
}

// keep runs the connection until its socket ends. It returns how long the user was connected, or why it never was.
func keep(ctx context.Context, l *link) (time.Duration, error) {
	l.ws.SetReadLimit(maxMessageBytes)
	forever := context.WithoutCancel(ctx) // the end of the context is the beginning of the goodbye
	l.mu.Lock()
	l.timer = time.AfterFunc(readyTimeout, func() { l.ring(forever) })
	l.mu.Unlock()
	unhook := context.AfterFunc(ctx, func() { l.handle(forever, leaving{}) })
	defer unhook()

	l.handle(forever, dialled{})
	for {
		kind, data, err := l.ws.Read(forever)
		if err != nil {
			return l.end(err)
		}
		l.take(forever, kind, data)
	}
}

// take hands one message to the machine, decompressed. What cannot be decompressed is handed over as it is: the machine
// refuses it.
func (l *link) take(ctx context.Context, kind websocket.MessageType, data []byte) {
	if kind == websocket.MessageText {
		l.handle(ctx, frameReceived{data})
		return
	}
	lent := l.crowd.inflaters.get()
	defer l.crowd.inflaters.put(lent)
	var payload []byte
	var err error
	if l.stream != nil {
		payload, err = l.stream.payload(lent, data)
	} else {
		payload, err = lent.message(data)
	}
	switch {
	case err != nil:
		l.crowd.cfg.Log.Debug().Err(err).Msg("payload not decompressed")
		l.handle(ctx, frameReceived{})
	case payload != nil:
		l.handle(ctx, frameReceived{payload})
	}
}

// handle feeds one event to the machine. Any goroutine may call it; writing may block, so it happens without the lock.
func (l *link) handle(ctx context.Context, ev event) {
	for _, payload := range l.step(ev) {
		if err := l.write(ctx, payload); err != nil {
			_ = l.socket.Close() // the reader finds out
		}
	}
}

func (l *link) step(ev event) (payloads [][]byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for _, a := range l.machine.step(now, ev) {
		switch a := a.(type) {
		case say:
			payloads = append(payloads, a.payload)
		case wait:
			l.timer.Reset(a.delay)
		case hangUp:
			l.becomeClosing(a)
		case opened, resumed, sessionGone, guildCame, guildWent, messageCame:
			l.learn(now, a)
		}
	}
	return payloads
}

// learn tells the crowd what the machine has learned.
func (l *link) learn(now time.Time, a action) {
	book := l.crowd.ledger
	switch a := a.(type) {
	case opened:
		l.readyAt = now
		l.crowd.tally.connected(now, false)
		if l.fresh {
			l.crowd.connects.record(now.Sub(l.begun))
		}
		l.session = book.opened(l.user, a.guilds)
	case resumed:
		l.readyAt = now
		l.crowd.tally.connected(now, true)
		l.crowd.resumes.record(now.Sub(l.begun))
		book.do(func(now time.Time, w *world) { w.resumed(now, l.session) })
	case sessionGone:
		l.crowd.tally.refused()
		book.do(func(now time.Time, w *world) { w.ended(now, l.session) })
	case guildCame:
		book.do(func(now time.Time, w *world) { w.guildCame(now, l.session, a.guild, a.channels) })
	case guildWent:
		book.do(func(now time.Time, w *world) { w.guildWent(now, l.session, a.guild, a.outage) })
	case messageCame:
		book.heard(l.session, a.number)
	case say, wait, hangUp: // are done, not learned
	}
}

// becomeClosing says goodbye beside the reader, which goes on and hears the answer.
func (l *link) becomeClosing(a hangUp) {
	l.last = a
	l.cutAt = time.Now().Add(closeGrace)
	l.timer.Reset(closeGrace)
	l.goodbye.Go(func() {
		_ = l.ws.Close(websocket.StatusCode(a.code), a.reason) // gone either way
	})
}

// ring is the timer's callback: the machine's time has come, or that of a goodbye is over. A ring that is older than the
// goodbye does no harm: the machine has nothing more to say, and the goodbye rings again.
func (l *link) ring(ctx context.Context) {
	l.mu.Lock()
	overdue := l.last.code != 0 && !time.Now().Before(l.cutAt)
	l.mu.Unlock()
	if overdue {
		_ = l.socket.Close() // whoever waits on it finds out
		return
	}
	l.handle(ctx, timeCame{})
}

func (l *link) write(ctx context.Context, payload []byte) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	if err := l.ws.Write(ctx, websocket.MessageText, payload); err != nil {
		return fmt.Errorf("load: writing: %w", err)
	}
	return nil
}

// end runs when nothing more can be read, and returns when nobody uses the socket any more.
func (l *link) end(cause error) (time.Duration, error) {
	l.mu.Lock()
	now := time.Now()
	code := 0
	if l.last.code == 0 {
		code = max(int(websocket.CloseStatus(cause)), 0) // else it only answers ours
	}
	l.machine.step(now, socketEnded{code})
	readyAt, last := l.readyAt, l.last
	l.crowd.ledger.do(func(now time.Time, w *world) {
		if l.machine.memory.session == "" {
			w.ended(now, l.session)
		} else {
			w.broke(now, l.session)
		}
	})
	l.mu.Unlock()

	if !readyAt.IsZero() {
		l.crowd.tally.ended(now, last.own)
	}
	l.goodbye.Wait() // the timer is its limit
	l.timer.Stop()
	_ = l.ws.CloseNow() // closed by now unless the gateway went without a word
	switch {
	case !readyAt.IsZero():
		return now.Sub(readyAt), nil
	case last.code != 0:
		return 0, fmt.Errorf("load: gave up: %s", last.reason)
	}
	return 0, fmt.Errorf("load: gateway hung up: %w", cause)
}
