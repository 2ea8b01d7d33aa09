package wire

import "sync/atomic"

// Lane is a group of methods that have workers of their own, so that they neither
// wait for the other methods of a server nor are waited for.
type Lane struct {
	// Name says whose calls these are.
	Name string
	// Methods are full names, such as [Loader_LoadGuild_FullMethodName]. A method is
	// in one lane at most; those in none share [ServerConfig.InFlight].
	Methods []string
	// InFlight is how many of these calls are worked on at once. 0 means as many as
	// [ServerConfig.InFlight].
	InFlight int
}

// LaneLoad is how busy one lane is and was. The first one of a server has no name
// and is that of the methods in no other.
type LaneLoad struct {
	Name string
	// InFlight of at most Limit calls are being worked on.
	InFlight, Limit int
	// Served calls were admitted, Shed ones were refused.
	Served, Shed uint64
}

// lane admits calls.
type lane struct {
	name    string
	workers chan struct{} // a token for each call being worked on

	served, shed atomic.Uint64
}

func newLane(name string, inFlight int) *lane {
	return &lane{name: name, workers: make(chan struct{}, inFlight)}
}

// enter takes a worker, if one is free; [lane.leave] follows.
func (l *lane) enter() bool {
	select {
	case l.workers <- struct{}{}:
		l.served.Add(1)
		return true
	default:
		l.shed.Add(1)
		return false
	}
}

func (l *lane) leave() { <-l.workers }

func (l *lane) load() LaneLoad {
	return LaneLoad{
		Name: l.name, InFlight: len(l.workers), Limit: cap(l.workers),
		Served: l.served.Load(), Shed: l.shed.Load(),
	}
}

// newLanes makes the lanes of a server, the nameless one first, and says in which
// one a method is; those in the nameless one are left out.
func newLanes(cfg ServerConfig) (lanes []*lane, byMethod map[string]*lane) {
	lanes, byMethod = []*lane{newLane("", cfg.InFlight)}, make(map[string]*lane)
	for _, l := range cfg.Lanes {
		inFlight := l.InFlight
		if inFlight <= 0 {
			inFlight = cfg.InFlight
		}
		one := newLane(l.Name, inFlight)
		lanes = append(lanes, one)
		for _, method := range l.Methods {
			byMethod[method] = one
		}
	}
	return lanes, byMethod
}
