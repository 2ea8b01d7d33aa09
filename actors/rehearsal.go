package actors

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/supervision"
)

const (
	// defaultRestartEvery is how often restart safety is asked by default.
	defaultRestartEvery = time.Minute
	// rehearsalLimit bounds the rehearsal of one directory.
	rehearsalLimit = 10 * time.Second
	// restartRounds is after how many periods without an answer the last one does
	// not count any more.
	restartRounds = 3
)

// RestartConfig tunes the question "would I become ready if I restarted now?".
// The zero value asks it. With [IsolationNone] it is never asked.
type RestartConfig struct {
	// Off asks nothing.
	Off bool
	// Every is how often it is asked, ± 20 %; 0 means one minute. Each time every
	// directory is listed once, one after the other, and its values are decoded;
	// nobody sees anything of it.
	Every time.Duration
	// Need is what a restart must find to count as safe, in each directory.
	Need registry.RehearsalConfig
}

// Validate says what is wrong with the configuration.
func (c RestartConfig) Validate() error {
	if c.Every < 0 || c.Need.MinFraction > 1 {
		return fmt.Errorf("actors: restart safety every %v with a fraction of %v: use no negative period, and at most 1", c.Every, c.Need.MinFraction)
	}
	return nil
}

func (c RestartConfig) every() time.Duration {
	if c.Every == 0 {
		return defaultRestartEvery
	}
	return c.Every
}

// rehearsal is the actor that plays a start through beside the running one, once a
// period: it lists each directory as a start would, and sees what a view that
// knows nothing would make of it.
type rehearsal struct {
	// Fixed at construction.
	runtime *Runtime
	kernel  *kernel
	calls   *caller
	random  func() float64

	// Touched only in the actor's turns.
	self  *process
	timer *time.Timer
}

// restartRound is one answer for all directories, replaced as a whole.
type restartRound struct {
	at       time.Time
	services []restartAnswer
}

// restartAnswer is what was found of one directory, and the verdict.
type restartAnswer struct {
	service *service
	found   registry.Rehearsal
	verdict registry.RestartVerdict
	saved   string // why nothing that was saved can be used
}

// rehearse and rehearsed are the two messages of the rehearsal.
type rehearse struct{ quiet }

type rehearsed struct {
	quiet
	round *restartRound
}

// rehearses reports whether restart safety is asked at all.
func (r *Runtime) rehearses() bool {
	return !r.config.Restart.Off && r.policy.Isolation == IsolationPerKey && len(r.services) > 0
}

func newRehearsal(r *Runtime) *rehearsal {
	return &rehearsal{runtime: r, kernel: r.kernel, calls: newCaller(), random: r.kernel.random()}
}

func (h *rehearsal) start(self *process) error {
	h.self = self
	h.appoint()
	return nil
}

func (h *rehearsal) stop(supervision.Exit) {
	if h.timer != nil {
		h.timer.Stop()
	}
	h.calls.stop()
}

// appoint makes the next appointment: a fleet that started together does not
// list together.
func (h *rehearsal) appoint() {
	every := h.runtime.config.Restart.every()
	h.timer = h.kernel.sendAfter(time.Duration(float64(every)*(0.8+0.4*h.random())), h.self, rehearse{})
}

func (h *rehearsal) receive(message any) error {
	switch m := message.(type) {
	case rehearse:
		self, runtime := h.self, h.runtime
		h.calls.run(0, func(ctx context.Context) {
			round := &restartRound{}
			for _, s := range runtime.services {
				round.services = append(round.services, runtime.rehearse(ctx, s))
			}
			round.at = time.Now()
			if ctx.Err() == nil {
				self.post(rehearsed{round: round})
			}
		})
	case rehearsed:
		h.tell(m.round)
		h.appoint()
	}
	return nil
}

// tell publishes the answers, and reports those that are others than before.
func (h *rehearsal) tell(round *restartRound) {
	before := h.runtime.restart.Swap(round)
	for i, a := range round.services {
		if before != nil && before.services[i].verdict.Safe == a.verdict.Safe {
			continue
		}
		e := Event{Kind: EventRestartSafe, Service: a.service.name, Instances: a.verdict.Would}
		if !a.verdict.Safe {
			e.Kind, e.Reason = EventRestartUnsafe, bounded(strings.Join(a.verdict.Reasons, "; "))
		}
		h.kernel.events.emit(e)
	}
}

// rehearse plays the start of one directory through.
func (r *Runtime) rehearse(ctx context.Context, s *service) restartAnswer {
	ctx, cancel := context.WithTimeout(ctx, rehearsalLimit)
	defer cancel()
	a := restartAnswer{service: s}
	cold, err := r.coldStart(ctx, s)
	if err != nil {
		a.found.Failure = bounded(err.Error())
	} else {
		a.found.Listed, a.found.Found = true, cold.Len()
		a.found.Bad = len(cold.Quarantined) + cold.QuarantineOverflow
	}
	if keeper := r.config.Keeper; keeper != nil {
		saved, err := safely(func() (*registry.Snapshot, error) { return keeper.Load(s.directory, time.Now()) })
		if err != nil {
			a.saved = bounded(err.Error())
		}
		if saved != nil {
			a.found.Kept, a.found.Saved = true, saved.Len()
		}
	}
	snapshot := s.snapshot.Load()
	guard, _ := snapshot.Guarded(registry.GuardCorruption)
	a.found.Serving, a.found.Suspect = snapshot.Len(), guard.Suspect
	a.verdict = r.config.Restart.Need.Judge(a.found)
	return a
}

// coldStart lists a directory and has a view that knows nothing judge it.
// One that does not answer the reader is not asked: a start would be told no more,
// and a second listing only slows a slow registry down.
func (r *Runtime) coldStart(ctx context.Context, s *service) (*registry.Snapshot, error) {
	switch contact := s.contact.Load(); {
	case !contact.failing.IsZero():
		return nil, errors.New(contact.reason)
	case contact.confirmed.IsZero():
		return nil, errors.New("it has not answered yet")
	}
	listing, err := safely(func() (registry.Listing, error) { return r.config.Source.List(ctx, s.directory) })
	if err != nil {
		return nil, err
	}
	now := s.snapshot.Load()
	cold := registry.ColdStart(s.directory, s.use.viewConfig(r.config.View), listing, func(e registry.Entry) (registry.Instance, error) {
		if err := ctx.Err(); err != nil {
			return registry.Instance{}, err
		}
		return s.coldVerdict(now, e)
	}, time.Now())
	return cold, ctx.Err()
}

// coldVerdict decides about a value without an effect on anything. Other people's
// code may hang or act on what it is given, so that it is not asked: what it said
// of the same write stands.
func (s *service) coldVerdict(now *registry.Snapshot, e registry.Entry) (registry.Instance, error) {
	if s.use.Consumer == nil && s.use.Decode == nil {
		return registry.Decode(s.name, strings.TrimPrefix(e.Key, s.directory), e.Value)
	}
	if row, serves := now.Rows.Get(e.Key); serves && row.Index == e.Index {
		return row.Instance, nil
	}
	return registry.Instance{}, slow("this write has no verdict yet")
}

// RestartStatus says whether a restart of this process now would be safe.
type RestartStatus struct {
	Safe bool `json:"safe"`
	// AgeMS is how long ago it was asked; -1 for never.
	AgeMS int64 `json:"age_ms"`
	// Reasons say why it is not safe, each with its directory.
	Reasons []string `json:"reasons"`
	// Services are the directories and what a start would find of them.
	Services []RestartServiceStatus `json:"services"`
}

// RestartServiceStatus is what a start would find of one directory.
type RestartServiceStatus struct {
	Service string `json:"service"`
	Safe    bool   `json:"safe"`
	// Serving is how many instances can be picked now, Would how many after a
	// restart, and From where those would be read: "registry" or "disk".
	Serving int    `json:"serving"`
	Would   int    `json:"would"`
	From    string `json:"from"`
	// Registry is how many of the registry's instances could be picked, -1 when it
	// does not answer (Failure says why), and Bad how many keys do not decode.
	Registry int    `json:"registry"`
	Bad      int    `json:"bad"`
	Failure  string `json:"failure,omitzero"`
	// Disk is how many instances could be picked of what is saved, -1 when nothing
	// is that can be used (DiskFailure says why, if somebody keeps it).
	Disk        int    `json:"disk"`
	DiskFailure string `json:"disk_failure,omitzero"`
}

// RestartSafety says whether a restart now would be safe; false where that is not
// asked (see [RestartConfig]). It is not safe before the first answer, nor when
// the last one is older than three periods.
func (r *Runtime) RestartSafety() (RestartStatus, bool) {
	if !r.rehearses() {
		return RestartStatus{}, false
	}
	status := RestartStatus{AgeMS: -1, Reasons: []string{}, Services: []RestartServiceStatus{}}
	round, every := r.restart.Load(), r.config.Restart.every()
	if round == nil {
		status.Reasons = append(status.Reasons, fmt.Sprintf("there is no answer yet: it is asked every %v", every))
		return status, true
	}
	age := time.Since(round.at)
	status.AgeMS = age.Milliseconds()
	if limit := restartRounds*every + time.Duration(len(r.services))*rehearsalLimit; age > limit {
		status.Reasons = append(status.Reasons, fmt.Sprintf("the last answer is %v old: nobody asks any more", age.Round(time.Second)))
	}
	for _, a := range round.services {
		for _, reason := range a.verdict.Reasons {
			status.Reasons = append(status.Reasons, a.service.name+": "+reason)
		}
		status.Services = append(status.Services, a.status())
	}
	status.Safe = len(status.Reasons) == 0
	return status, true
}

func (a *restartAnswer) status() RestartServiceStatus {
	s := RestartServiceStatus{
		Service: a.service.name, Safe: a.verdict.Safe, Serving: a.found.Serving, Would: a.verdict.Would,
		From: a.verdict.From.String(), Registry: -1, Bad: a.found.Bad, Failure: a.found.Failure, Disk: -1, DiskFailure: a.saved,
	}
	if a.found.Listed {
		s.Registry = a.found.Found
	}
	if a.found.Kept {
		s.Disk = a.found.Saved
	}
	return s
}
