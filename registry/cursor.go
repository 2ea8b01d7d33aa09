package registry

import (
	"errors"
	"time"

	"github.com/firebreak-go/firebreak/supervision/backoff"
)

// Defaults of [CursorConfig].
const (
	defaultResync     = time.Minute
	defaultRelistWait = 2 * time.Second
)

// CursorConfig tunes how a directory is followed. The zero value is usable.
type CursorConfig struct {
	// Resync is how often the directory is listed although the watch seems
	// well, ± 20 %: a watch whose index lies in the future, because the registry
	// lost data, hangs without a word. 0 means one minute.
	Resync time.Duration
	// RelistWait bounds the pause before a listing that a whole fleet has reason
	// to make at one moment: after a lost history, after an event on the directory,
	// and after a watch that failed. It is drawn uniformly, so that the fleet does
	// not list at one moment. 0 means two seconds.
	RelistWait time.Duration
	// Backoff is how long to wait after a failed call, and at least, up to its cap,
	// while one watch after the other fails or loses its history. The zero value
	// means 250 ms doubling to 5 s, with full jitter.
	Backoff backoff.Policy
	// Random is the source of jitter, in [0, 1). Nil means a constant half.
	Random func() float64
}

func (c CursorConfig) withDefaults() CursorConfig {
	if c.Resync == 0 {
		c.Resync = defaultResync
	}
	if c.RelistWait == 0 {
		c.RelistWait = defaultRelistWait
	}
	if !c.Backoff.Enabled() {
		c.Backoff = backoff.Policy{Base: 250 * time.Millisecond, Cap: 5 * time.Second}
	}
	if c.Random == nil {
		c.Random = func() float64 { return 0.5 }
	}
	return c
}

// Call is what the reader of a directory does next.
type Call uint8

// The calls.
const (
	// CallList lists the directory.
	CallList Call = iota + 1
	// CallNext waits for the change after CursorStep.After, no longer than
	// CursorStep.Limit.
	CallNext
	// CallWait does nothing for CursorStep.Limit.
	CallWait
)

// String names the call.
func (c Call) String() string {
	switch c {
	case CallList:
		return "list"
	case CallNext:
		return "next"
	case CallWait:
		return "wait"
	}
	return "unknown"
}

// CursorNote is what just changed about the source, for the event stream.
type CursorNote uint8

// The notes.
const (
	// NoteNone is the ordinary case.
	NoteNone CursorNote = iota
	// NoteFailed: the source answered until now and does not any more.
	NoteFailed
	// NoteRecovered: the source answers again, or for the first time.
	NoteRecovered
	// NoteHistoryLost: changes were missed; the next listing makes up for them.
	NoteHistoryLost
	// NoteWentBack: the source's index is lower than it was: it lost data.
	NoteWentBack
	// NotePolling: listings are answered and watches are not, twice in a row: the
	// directory is followed by listings. The source counts as answering.
	NotePolling
	// NoteWatching: a watch was answered again; listings need not follow the directory.
	NoteWatching
)

// String names the note.
func (n CursorNote) String() string {
	switch n {
	case NoteNone:
		return "none"
	case NoteFailed:
		return "failed"
	case NoteRecovered:
		return "recovered"
	case NoteHistoryLost:
		return "history lost"
	case NoteWentBack:
		return "went back"
	case NotePolling:
		return "polling"
	case NoteWatching:
		return "watching"
	}
	return "unknown"
}

// CursorStep is the answer to every event: one call, and what there is to say.
type CursorStep struct {
	Call  Call
	After Index
	Limit time.Duration
	Note  CursorNote
}

// Cursor decides how a directory is followed: a full listing first, then
// changes from the listing's index on, so that nothing falls between; a fresh
// listing whenever history was lost, a call failed, or a timer says so. It
// keeps no data; the listing and the changes go to a [View].
//
// Not for concurrent use; exactly one call is under way at any time.
type Cursor struct {
	cfg      CursorConfig
	index    Index
	relistAt time.Time
	attempts int // listings that failed, in a row
	misses   int // watches that failed or lost their history, in a row
	broken   int // watches that failed, in a row; histories that were lost do not matter
	polling  bool
	answered bool
	listing  bool // a CallList is under way
}

// NewCursor returns a cursor at the beginning of a directory's history.
func NewCursor(cfg CursorConfig) *Cursor { return &Cursor{cfg: cfg.withDefaults()} }

// Index is the position up to which changes are known.
func (c *Cursor) Index() Index { return c.index }

// Restart abandons the call under way for a fresh listing. It is false when a
// listing is under way already: that one will do, and a second one beside it
// would only slow a slow registry down further.
func (c *Cursor) Restart() (CursorStep, bool) {
	if c.listing {
		return CursorStep{}, false
	}
	return c.list(), true
}

// Waited answers the end of a CallWait.
func (c *Cursor) Waited() CursorStep { return c.list() }

// Listed answers the end of a CallList.
func (c *Cursor) Listed(now time.Time, l Listing, err error) CursorStep {
	c.listing = false
	if err != nil {
		return c.failed()
	}
	note := c.succeeded()
	if l.Index < c.index {
		note = NoteWentBack
	}
	c.index = l.Index
	c.relistAt = now.Add(c.spread(c.cfg.Resync))
	step := c.watch(now)
	step.Note = note
	return step
}

// Changed answers the end of a CallNext.
func (c *Cursor) Changed(now time.Time, change Change, err error) CursorStep {
	switch {
	case err == nil:
		note := c.succeeded()
		if held := c.held(); held != NoteNone {
			note = held
		}
		c.index = max(c.index, change.Index)
		step := c.watch(now)
		if change.Kind == ChangeDirectory {
			step = c.pause()
		}
		step.Note = note
		return step
	case errors.Is(err, ErrQuiet):
		note := c.held()
		step := c.watch(now)
		step.Note = note
		return step
	}
	// Listings may succeed all the while, so it is watches that are counted here:
	// one that ends at once, again and again, must not have a listing each time.
	c.misses++
	step := CursorStep{Call: CallWait, Note: NoteHistoryLost}
	if !errors.Is(err, ErrHistoryLost) {
		step = c.dropped()
	}
	step.Limit = max(c.pause().Limit, c.cfg.Backoff.Delay(c.misses, c.cfg.Random()))
	return step
}

func (c *Cursor) list() CursorStep {
	c.listing = true
	return CursorStep{Call: CallList}
}

// pause waits before a listing that others have as much reason to make now.
func (c *Cursor) pause() CursorStep {
	return CursorStep{Call: CallWait, Limit: time.Duration(c.cfg.Random() * float64(c.cfg.RelistWait))}
}

// watch goes on from the index, until the next listing is due.
func (c *Cursor) watch(now time.Time) CursorStep {
	left := c.relistAt.Sub(now)
	if left <= 0 {
		return c.list()
	}
	return CursorStep{Call: CallNext, After: c.index, Limit: left}
}

// failed waits and lists again: after an error a watch may hang on an index
// that the registry has not reached (again), a listing cannot.
func (c *Cursor) failed() CursorStep {
	c.attempts++
	step := CursorStep{Call: CallWait, Limit: c.cfg.Backoff.Delay(c.attempts, c.cfg.Random())}
	if c.answered || c.attempts == 1 {
		step.Note = NoteFailed
	}
	c.answered = false
	return step
}

// dropped notes a watch that failed. The first is a failure of the source, since
// nobody knows better; after that it is the listings that tell whether it answers,
// and a source of which only the watches fail does not fail and recover each time.
func (c *Cursor) dropped() CursorStep {
	c.broken++
	if c.broken == 1 || !c.answered {
		return c.failed()
	}
	step := CursorStep{Call: CallWait}
	if !c.polling {
		c.polling = true
		step.Note = NotePolling
	}
	return step
}

// held notes a watch that was answered.
func (c *Cursor) held() CursorNote {
	was := c.polling
	c.misses, c.broken, c.polling = 0, 0, false
	if was {
		return NoteWatching
	}
	return NoteNone
}

func (c *Cursor) succeeded() CursorNote {
	was := c.answered
	c.answered, c.attempts = true, 0
	if was {
		return NoteNone
	}
	return NoteRecovered
}

func (c *Cursor) spread(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*c.cfg.Random()))
}
