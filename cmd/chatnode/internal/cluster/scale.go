package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/work/desk"
	"github.com/firebreak-go/firebreak/supervision/autoscale"
)

// The times of the demo's autoscaler are a tenth of what they would be, as are the
// demo's own.
const (
	scaleEvery = time.Second
	// scaleWarm is how long an API node has served before its load means anything.
	scaleWarm     = 2 * time.Second
	scalePeriod   = 5 * time.Second
	scaleCooldown = 3 * time.Second
	scaleWindow   = 30 * time.Second
)

func (c Config) scaling() autoscale.Config {
	return autoscale.Config{
		Min: c.APIMin, Max: c.APIMax, Cooldown: scaleCooldown,
		Up:   autoscale.Pace{Add: 2, Factor: 2, Period: scalePeriod},
		Down: autoscale.Pace{Add: 1, Period: scalePeriod, Window: scaleWindow},
	}
}

// manager is the instance manager of the API nodes: it starts and stops them as the
// autoscaler says. Its goroutine alone uses it.
type manager struct {
	act     *act
	read    func(ctx context.Context, admin string) apiLoad
	scaler  *autoscale.Scaler
	loads   map[string]apiLoad // what each said last
	coming  []time.Time        // when what was asked for will have booted
	leaving map[string]bool    // told to stop
}

// apiLoad is what an API node says of its workers, and since when.
type apiLoad struct {
	Lanes map[string]desk.Report `json:"lanes"`
	at    time.Time
	since time.Time // first reading of this life
}

// manageAPIs scales the API nodes until ctx ends. The one whose announcement is cut
// is not among them.
func (a *act) manageAPIs(ctx context.Context) {
	m, err := newManager(a, readAPILoad)
	if err != nil { // the configuration was checked before
		a.cfg.Log.Error().Err(err).Msg("no autoscaler")
		return
	}
	tick := time.NewTicker(scaleEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			m.look(ctx, time.Now())
		}
	}
}

func newManager(a *act, read func(ctx context.Context, admin string) apiLoad) (*manager, error) {
	scaler, err := autoscale.New(a.cfg.scaling(), len(a.layout.apis))
	if err != nil {
		return nil, err
	}
	return &manager{act: a, read: read, scaler: scaler, loads: make(map[string]apiLoad), leaving: make(map[string]bool)}, nil
}

// look is one turn: who is there, what do they say, what follows.
func (m *manager) look(ctx context.Context, now time.Time) {
	running := m.running()
	samples := m.samples(ctx, running)
	if ctx.Err() != nil {
		return
	}
	if n := len(running) + len(m.coming); n != m.scaler.Want() {
		m.scaler.Set(n) // by somebody's hand
	}
	d := m.scaler.Step(now, append(samples, make([]autoscale.Sample, len(m.coming))...))
	limited := d.Held == autoscale.HeldMax
	if d.Changed() || limited && d.HeldNew {
		m.act.journal.add(fleetScaled{At: now, From: d.Before, To: d.Want, Why: d.String(), Limited: limited})
	}
	m.reach(ctx, now, running, d.Want)
}

// running are the processes of the API nodes that are to stay, the oldest first.
func (m *manager) running() []*process {
	return slices.DeleteFunc(m.act.processes.all(), func(p *process) bool {
		return p.spec.Role != roleAPI || p.spec.Name == m.act.layout.joiner.name || m.leaving[p.spec.Name] || p.ended()
	})
}

// ended says that a process runs no more and will not again.
func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// samples asks every node how busy it is, all at once.
func (m *manager) samples(ctx context.Context, running []*process) []autoscale.Sample {
	loads := make([]apiLoad, len(running))
	var asking sync.WaitGroup
	for i, p := range running {
		asking.Go(func() { loads[i] = m.read(ctx, p.spec.Admin) })
	}
	asking.Wait()
	samples := make([]autoscale.Sample, len(running))
	for i, p := range running {
		before := m.loads[p.spec.Name]
		samples[i], m.loads[p.spec.Name] = compare(before, loads[i])
	}
	return samples
}

func readAPILoad(ctx context.Context, admin string) apiLoad {
	l := apiLoad{at: time.Now()}
	status, body, err := get(ctx, admin+"/admin/load")
	if err != nil || status != http.StatusOK || json.Unmarshal(body, &l) != nil {
		return apiLoad{} // it says nothing
	}
	return l
}

// compare is what two readings say: the utilisation of the busiest lane between
// them, and the work that waits in it.
func compare(before, now apiLoad) (autoscale.Sample, apiLoad) {
	now.since = now.at
	elapsed := now.at.Sub(before.at).Seconds()
	if now.at.IsZero() || before.at.IsZero() || elapsed <= 0 {
		return autoscale.Sample{}, now
	}
	now.since = before.since
	busiest := 0.0
	for name, lane := range now.Lanes {
		spent := lane.BusySeconds - before.Lanes[name].BusySeconds
		if spent < 0 || lane.Limit <= 0 { // another life
			now.since = now.at
			return autoscale.Sample{}, now
		}
		busiest = max(busiest, (spent/elapsed+float64(lane.Waiting))/float64(lane.Limit))
	}
	return autoscale.Sample{Utilisation: busiest, Known: now.at.Sub(now.since) >= scaleWarm}, now
}

// reach starts and stops nodes until there are as many as wanted. What is started
// takes its time to boot; what is stopped, the newest first, drains its record and
// goes, so that its leave is explained.
func (m *manager) reach(ctx context.Context, now time.Time, running []*process, want int) {
	for len(running)+len(m.coming) < want {
		m.coming = append(m.coming, now.Add(m.act.cfg.Boot))
	}
	for len(running)+len(m.coming) > want && len(m.coming) > 0 {
		m.coming = m.coming[:len(m.coming)-1]
	}
	for len(running) > want {
		last := running[len(running)-1]
		running = running[:len(running)-1]
		m.leaving[last.spec.Name] = true
		go last.stop(stopGrace) // close waits for it too
	}
	for len(m.coming) > 0 && !now.Before(m.coming[0]) {
		m.coming = m.coming[1:]
		if err := m.act.addAPI(ctx); err != nil {
			m.act.cfg.Log.Error().Err(err).Msg("the autoscaler could not add an API node")
		}
	}
}

// added are API nodes that came after the first ones. Safe for concurrent use.
type added struct {
	mu   sync.Mutex
	list []server
}

// addAPI starts another API node, under a name that nobody has had.
func (a *act) addAPI(ctx context.Context) error {
	n := 1
	for a.processes.named(fmt.Sprintf("api-%d", n)) != nil || fmt.Sprintf("api-%d", n) == a.layout.joiner.name {
		n++
	}
	s := server{name: fmt.Sprintf("api-%d", n), role: roleAPI}
	for _, port := range []*string{&s.listen, &s.admin, &s.rest} {
		address, err := a.ports.take(ctx)
		if err != nil {
			return err
		}
		*port = address
	}
	a.added.mu.Lock()
	a.added.list = append(a.added.list, s)
	a.added.mu.Unlock()
	a.launch(ctx, a.maker.api(s))
	return nil
}

// present is the layout with what was added.
func (a *act) present() layout {
	a.added.mu.Lock()
	defer a.added.mu.Unlock()
	l := a.layout
	l.apis = append(slices.Clone(l.apis), a.added.list...)
	return l
}

// Scaling is what the autoscaler did in an act.
type Scaling struct {
	// APINodesMax is the most API nodes that it wanted, 0 where it wanted no other
	// number than there was; ScaleOuts and ScaleIns are how often it changed that.
	APINodesMax int `json:"api_nodes_max"`
	ScaleOuts   int `json:"scale_outs"`
	ScaleIns    int `json:"scale_ins"`
	// ScaleLimited says that it would have wanted more than it may.
	ScaleLimited bool `json:"scale_limited"`
}

func (r *record) scaling() Scaling {
	var s Scaling
	for _, e := range r.events {
		e, ok := e.(fleetScaled)
		if !ok {
			continue
		}
		s.APINodesMax = max(s.APINodesMax, e.From, e.To)
		s.ScaleLimited = s.ScaleLimited || e.Limited
		switch {
		case e.To > e.From:
			s.ScaleOuts++
		case e.To < e.From:
			s.ScaleIns++
		}
	}
	return s
}
