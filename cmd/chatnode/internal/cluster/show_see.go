package cluster

import (
	"errors"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/page"
	"github.com/firebreak-go/firebreak/registry"
)

// see hands on what was seen.
func (s *show) see(o page.Observation) {
	if s != nil {
		s.recorder.Observe(o)
	}
}

// tell makes observations of an act's events. What nodes report of themselves, and
// what etcd holds, reach the page by other ways, in full.
func (s *show) tell(e event) {
	if s == nil {
		return
	}
	switch e := e.(type) {
	case processStarted:
		s.process(e.Role, page.ProcessSeen{At: e.At, Node: e.Name, Life: e.Life, Change: page.ProcessStarted})
	case processReady:
		s.process(e.Role, page.ProcessSeen{At: e.At, Node: e.Name, Life: e.Life, Change: page.ProcessReady})
	case processExited:
		s.process(e.Role, page.ProcessSeen{
			At: e.At, Node: e.Name, Life: e.Life, Change: page.ProcessExited, Code: e.Code, Asked: e.Asked,
		})
		if e.Role != roleNode && !e.Asked {
			s.flag(e.At, page.FlagExit, e.Name+" "+exitText(e.Code))
		}
	case putCut:
		s.torn.Store(true)
		s.recorder.Cut(e.At)
		s.flag(e.At, page.FlagPoison, "the proxy cut an announcement between its headers and its body")
	case putForwarded:
		if s.torn.Swap(false) { // and not each of its beats
			s.flag(e.At, page.FlagAction, "the announcer wrote its record again, in full")
		}
	case processFailed:
		s.flag(e.At, page.FlagExit, e.Name+" could not be started: "+e.Reason)
	case loadSampled:
		s.see(page.LoadSeen{
			At: e.At, Life: e.Life, Connected: e.Connected, Lost: e.Lost, Attempts: e.Attempts,
			Messages: page.Messages{Acked: e.Acked, Undelivered: e.Undelivered},
		})
	case fleetScaled:
		s.flag(e.At, page.FlagAction, "autoscaler: "+e.Why)
	case nodeReported, recordSeen, clusterMeasured:
	}
}

func (s *show) process(r role, seen page.ProcessSeen) {
	if r == roleNode {
		s.see(seen)
	}
}

// told hands on what a chat node's runtime said, as far as the page makes anything of it.
func (s *show) told(node string, life int, e actors.Event) {
	if s == nil || !page.Told(e.Kind) || e.Service != "" && e.Service != apiService {
		return
	}
	s.see(page.NodeTold{Node: node, Life: life, Event: e})
}

// record notes what etcd holds under a key of the directory.
func (s *show) record(kind registry.ChangeKind, e registry.Entry) {
	seen := page.WriteSeen{At: time.Now(), Key: e.Key, Value: e.Value, Index: uint64(e.Index)}
	switch kind {
	case registry.ChangePut:
		seen.Verdict = classOf(e)
	case registry.ChangeExpired:
		seen.Verdict = "expired"
	case registry.ChangeDeleted, registry.ChangeDirectory:
		seen.Verdict = "deleted"
	}
	s.see(seen)
}

// classOf is how a record would be judged.
func classOf(e registry.Entry) string {
	_, err := registry.Decode(apiService, idOf(e.Key), e.Value)
	if fault, bad := errors.AsType[*registry.Fault](err); bad {
		return fault.Class.String()
	}
	return "good"
}
