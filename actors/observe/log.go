package observe

import (
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/firebreak-go/firebreak/actors"
)

// Log returns an observer that writes one line per event: warnings for what
// somebody should look at, debug for what is routine.
//
// Of a burst (events of one kind and level, of one supervisor or service, each
// less than a second after the one before) it writes the first at once, and then
// one line that counts the others and names some of them: when the burst is over,
// every ten seconds while it lasts, and at the latest when the tree is down.
func Log(logger zerolog.Logger) func(actors.Event) {
	return (&log{out: logger, bursts: make(bursts)}).observe
}

// log carries out what bursts decide.
type log struct {
	out zerolog.Logger

	mu     sync.Mutex
	bursts bursts
	armed  bool   // a timer will call wake
	root   string // the supervisor that the first event came from
}

func (l *log) observe(e actors.Event) {
	if shown := level(e); shown >= l.out.GetLevel() && shown >= zerolog.GlobalLevel() {
		before, write := l.admit(&e)
		l.summarise(before)
		if write {
			l.write(&e)
		}
	}
	if l.last(&e) {
		l.tell(true)
	}
}

func (l *log) admit(e *actors.Event) (before []summary, write bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	before, write = l.bursts.admit(time.Now(), e)
	if !write {
		l.arm()
	}
	return before, write
}

// last reports whether the event is the last of its tree.
func (l *log) last(e *actors.Event) bool {
	if e.Supervisor == "" {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.root == "" {
		l.root = e.Supervisor
	}
	return e.Kind == actors.EventSupervisorDown && e.Supervisor == l.root
}

// arm is called with the lock held. The one timer fires when the first summary
// may be due, and looks.
func (l *log) arm() {
	if l.armed {
		return
	}
	if at, waiting := l.bursts.next(); waiting {
		l.armed = true
		time.AfterFunc(time.Until(at), func() { l.tell(false) })
	}
}

// tell writes the summaries that are due, or all.
func (l *log) tell(all bool) {
	l.mu.Lock()
	due := l.bursts.due(time.Now(), all)
	if !all {
		l.armed = false
		l.arm()
	}
	l.mu.Unlock()
	l.summarise(due)
}

// summarise spends a line on what it stands for, where that is a single one.
func (l *log) summarise(summaries []summary) {
	for i := range summaries {
		s := &summaries[i]
		if s.more == 1 {
			l.write(&s.first)
			continue
		}
		line := l.out.WithLevel(s.group.level).Str("event", string(s.group.kind))
		text(line, "supervisor", s.group.supervisor)
		text(line, "service", s.group.service)
		line.Int("more", s.more).Int64("over_ms", s.over.Milliseconds())
		if len(s.names) > 0 {
			line.Strs("such_as", s.names)
		}
		line.Msg(sentence(s.group.kind) + ", and more of the same")
	}
}

func (l *log) write(e *actors.Event) {
	line := l.out.WithLevel(level(*e)).Str("event", string(e.Kind))
	text(line, "child", e.Child)
	text(line, "service", e.Service)
	text(line, "key", e.Key)
	text(line, "class", e.Class)
	text(line, "guard", e.Guard)
	text(line, "zone", e.Zone)
	text(line, "hold", e.Hold)
	text(line, "order", e.Order)
	text(line, "staleness", e.Staleness)
	text(line, "exit", e.Exit)
	text(line, "reason", e.Reason)
	text(line, "trace", e.Trace.String())
	number(line, "incarnation", int64(e.Incarnation))
	number(line, "index", int64(e.Index))
	number(line, "generation", int64(e.Generation))
	number(line, "delay_ms", e.DelayMS)
	number(line, "attempt", int64(e.Attempt))
	number(line, "age_ms", e.AgeMS)
	if e.Kind == actors.EventPublished || e.Kind == actors.EventSourceFailed || e.Kind == actors.EventSourceSynced ||
		e.Kind == actors.EventRestartSafe || e.Kind == actors.EventRestartUnsafe {
		line.Int("instances", e.Instances).Int("quarantined", e.Quarantined)
	}
	if e.Suspect {
		line.Bool("suspect", true)
	}
	if e.Kept {
		line.Bool("kept", true)
	}
	line.Msg(sentence(e.Kind))
}

func text(line *zerolog.Event, name, value string) {
	if value != "" {
		line.Str(name, value)
	}
}

func number(line *zerolog.Event, name string, value int64) {
	if value != 0 {
		line.Int64(name, value)
	}
}

// level says how loud an event is.
func level(e actors.Event) zerolog.Level {
	switch e.Kind {
	case actors.EventSupervisorGaveUp, actors.EventSupervisorFailed, actors.EventSubtreeLost, actors.EventChildAbandoned,
		actors.EventChildExhausted, actors.EventLeaseConflict, actors.EventSourceWentBack, actors.EventGuardEngaged,
		actors.EventGuardReminded, actors.EventStuckLimit:
		return zerolog.ErrorLevel
	case actors.EventKeyQuarantined, actors.EventChildParked, actors.EventSourceFailed,
		actors.EventLeaseRepaired, actors.EventLeaseLost, actors.EventAutoShutdown, actors.EventKeyDegraded,
		actors.EventInstanceHeld, actors.EventInstanceEjected, actors.EventSourcePolling, actors.EventSourceStale, actors.EventSlept, actors.EventDiverged, actors.EventRestored,
		actors.EventRestoreFailed, actors.EventSaveFailed, actors.EventUnhealthy, actors.EventComplaintHeard,
		actors.EventDecoderSuspected, actors.EventShadowDiffers, actors.EventShadowFailed, actors.EventRestartUnsafe:
		return zerolog.WarnLevel
	case actors.EventAnnounceRetry:
		if e.Attempt > 1 { // one line per change of state, not per attempt
			return zerolog.DebugLevel
		}
		return zerolog.WarnLevel
	case actors.EventChildExited:
		if e.Exit == "normal" || e.Exit == "shutdown" || e.Class == "data" { // the quarantine says it better
			return zerolog.DebugLevel
		}
		return zerolog.WarnLevel
	case actors.EventChildReleased, actors.EventKeyReleased, actors.EventSourceRecovered, actors.EventSourceWatched, actors.EventSourceSynced, actors.EventInstanceAdded,
		actors.EventInstanceRemoved, actors.EventAnnounced, actors.EventLeaseTaken, actors.EventWithdrawn, actors.EventChildReturned,
		actors.EventKeyDoubted, actors.EventInstanceReclaimed, actors.EventInstanceReturned, actors.EventGuardDisengaged, actors.EventAnnounceDraining,
		actors.EventAnnounceResumed, actors.EventAnnouncePaused, actors.EventHealthy, actors.EventComplained,
		actors.EventFaultConfirmed, actors.EventDecoderCleared,
		actors.EventOrderGiven, actors.EventOrderLifted, actors.EventKeyRejudged, actors.EventBaselineAccepted,
		actors.EventShadowAgrees, actors.EventRestartSafe:
		return zerolog.InfoLevel
	case actors.EventChildStarted, actors.EventChildRestarting, actors.EventChildStopping, actors.EventChildBackoff, actors.EventHistoryLost,
		actors.EventPublished, actors.EventInstanceUpdated, actors.EventChildIgnored, actors.EventChildEnded,
		actors.EventChildTerminated, actors.EventRequestRefused, actors.EventSupervisorUp, actors.EventSupervisorDown,
		actors.EventValueRefused: // the exit beside it says why
		return zerolog.DebugLevel
	}
	return zerolog.DebugLevel
}

// sentence is what the event means to somebody who has not read the code.
func sentence(kind actors.EventKind) string {
	for _, sentences := range []func(actors.EventKind) string{supervisionSentence, guardSentence, announcingSentence} {
		if text := sentences(kind); text != "" {
			return text
		}
	}
	switch kind { //nolint:exhaustive // the others have had their sentence
	case actors.EventSourceSynced:
		return "directory read"
	case actors.EventSourceFailed:
		return "the registry does not answer: serving what was last known"
	case actors.EventSourcePolling:
		return "the registry answers listings and no watch: following the directory by listings"
	case actors.EventSourceWatched:
		return "the registry answers watches again"
	case actors.EventSourceRecovered:
		return "the registry answers again"
	case actors.EventHistoryLost:
		return "the registry's history does not reach back: listing again"
	case actors.EventSourceWentBack:
		return "the registry's index went back: it lost data"
	case actors.EventPublished:
		return "snapshot published"
	case actors.EventInstanceAdded:
		return "instance added"
	case actors.EventInstanceUpdated:
		return "instance updated"
	case actors.EventInstanceRemoved:
		return "instance removed"
	case actors.EventKeyQuarantined:
		return "bad value: key quarantined"
	case actors.EventKeyReleased:
		return "good value again: key released"
	case actors.EventValueRefused:
		return "value not taken by its consumer: trying again"
	case actors.EventShadowDiffers:
		return "the view differs from what is used today"
	case actors.EventShadowAgrees:
		return "the view and what is used today agree"
	case actors.EventShadowFailed:
		return "what is used today cannot be read: not compared"
	case actors.EventStuckLimit:
		return "too many calls of consumers and decoders hang: none is made"
	}
	return string(kind)
}

func supervisionSentence(kind actors.EventKind) string {
	switch kind { //nolint:exhaustive // the others are not about supervision
	case actors.EventChildStarted:
		return "started"
	case actors.EventChildRestarting:
		return "restarting"
	case actors.EventChildStopping:
		return "told to stop"
	case actors.EventChildExited:
		return "exited"
	case actors.EventChildBackoff:
		return "restart put off"
	case actors.EventChildParked:
		return "restart budget spent: parked, probed from now on"
	case actors.EventChildReleased:
		return "in service again"
	case actors.EventChildAbandoned:
		return "did not answer: abandoned"
	case actors.EventChildReturned:
		return "abandoned until now: ended after all"
	case actors.EventChildIgnored:
		return "nothing to do: down"
	case actors.EventChildEnded:
		return "ended, and is not restarted"
	case actors.EventChildExhausted:
		return "restart budget spent: stays down"
	case actors.EventChildTerminated:
		return "stopped by request"
	case actors.EventRequestRefused:
		return "request refused"
	case actors.EventSubtreeLost:
		return "a supervisor is down for good, and all below it"
	case actors.EventAutoShutdown:
		return "its end ends its supervisor"
	case actors.EventSupervisorUp:
		return "all children are up"
	case actors.EventSupervisorFailed:
		return "a child did not start: nothing of this supervisor is up"
	case actors.EventSupervisorDown:
		return "all children are down"
	case actors.EventSupervisorGaveUp:
		return "restart intensity exceeded: giving up"
	}
	return ""
}

func guardSentence(kind actors.EventKind) string {
	switch kind { //nolint:exhaustive // the others are not about guards
	case actors.EventKeyDoubted:
		return "good value of a key that flaps: it has to prove itself"
	case actors.EventKeyDegraded:
		return "an old value has been served for very long"
	case actors.EventInstanceHeld:
		return "gone from the registry: held, and served as it was"
	case actors.EventInstanceReclaimed:
		return "held until now: back in the registry"
	case actors.EventInstanceEjected:
		return "calls to it fail: not picked for a while"
	case actors.EventInstanceReturned:
		return "ejected until now: picked again"
	case actors.EventOrderGiven:
		return "an operator gave an order about a key"
	case actors.EventOrderLifted:
		return "an operator lifted the order on a key"
	case actors.EventKeyRejudged:
		return "an operator asked for another verdict on a bad value"
	case actors.EventBaselineAccepted:
		return "an operator accepted the instances that are there as the baseline"
	case actors.EventGuardEngaged:
		return "guard engaged"
	case actors.EventGuardReminded:
		return "guard still engaged"
	case actors.EventGuardDisengaged:
		return "guard ended"
	case actors.EventSourceStale:
		return "the registry has been silent for long: serving what was last known"
	case actors.EventSlept:
		return "this process did not run for a while: holding that against nobody"
	case actors.EventDiverged:
		return "the listing shows what the changes had not told: applied"
	case actors.EventRestored:
		return "the registry does not answer: serving what an earlier process saved"
	case actors.EventRestoreFailed:
		return "the registry does not answer, and nothing that was saved can be used"
	case actors.EventSaveFailed:
		return "what is known could not be saved"
	case actors.EventRestartSafe:
		return "a restart now would be safe"
	case actors.EventRestartUnsafe:
		return "a restart now would not be safe"
	}
	return ""
}
