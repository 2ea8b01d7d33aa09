package page

import (
	"fmt"
	"path"

	"github.com/firebreak-go/firebreak/actors"
)

// Told says whether a fold makes anything of events of a kind; a controller need
// not hand on others.
func Told(kind actors.EventKind) bool {
	switch kind { //nolint:exhaustive // the few that a page shows
	case actors.EventChildRestarting, actors.EventChildExited, actors.EventSupervisorGaveUp, actors.EventKeyQuarantined,
		actors.EventKeyReleased, actors.EventInstanceAdded, actors.EventInstanceUpdated, actors.EventInstanceRemoved,
		actors.EventGuardEngaged, actors.EventGuardDisengaged:
		return true
	}
	return false
}

// applyEvent takes in what a node told. What a life that is over has still sent
// counts, but changes nothing of what the node knows now.
func (f *Fold) applyEvent(o NodeTold) {
	n, e := f.node(o.Node), o.Event
	current := n.alive && n.life == o.Life
	switch e.Kind { //nolint:exhaustive // those of Told
	case actors.EventChildRestarting:
		if path.Base(e.Child) == "watcher" {
			f.chain.Restarts++
			n.restarted(e.At)
		}
	case actors.EventChildExited:
		if path.Base(e.Child) == "watcher" && e.Class != "" {
			f.chain.Failures++
			f.keys.crashed(o.Node)
		}
	case actors.EventSupervisorGaveUp:
		f.chain.Escalations++
	case actors.EventKeyQuarantined:
		f.chain.Failures++
		if current {
			f.keys.refuse(o.Node, e)
		}
	case actors.EventKeyReleased:
		f.keys.release(o.Node, e)
	case actors.EventInstanceAdded, actors.EventInstanceUpdated:
		f.keys.accept(o.Node, e)
	case actors.EventInstanceRemoved:
		f.keys.release(o.Node, e)
	case actors.EventGuardEngaged, actors.EventGuardDisengaged:
		if current {
			f.applyGuard(o.Node, e)
		}
	}
}

// applyGuard flags the first node that engages a guard, and the last that lets go.
func (f *Fold) applyGuard(node string, e actors.Event) {
	nodes := f.guards[e.Guard]
	if e.Kind == actors.EventGuardDisengaged {
		f.calm(e.Guard, nodes, node)
		if nodes != nil && len(nodes) == 0 {
			f.flag(e.At, FlagGuard, fmt.Sprintf("guard %s disengaged on the last node (%s)", e.Guard, node))
		}
		return
	}
	if nodes == nil {
		nodes = make(map[string]bool)
		f.guards[e.Guard] = nodes
		f.flag(e.At, FlagGuard, fmt.Sprintf("guard %s engaged, first on %s", e.Guard, node))
	}
	nodes[node] = true
}

// exitsText says who exited, in few words.
func exitsText(exits []exitSeen) string {
	text := exits[0].node
	switch n := len(exits); {
	case n == 2:
		text += " and " + exits[1].node
	case n > 2:
		text += fmt.Sprintf(" and %d more", n-1)
	}
	code := exits[0].code
	for _, e := range exits {
		if e.code != code {
			return text + " exited, with different codes"
		}
	}
	return fmt.Sprintf("%s exited with code %d", text, code)
}

func badsText(bads []badSeen) string {
	if len(bads) == 1 {
		return fmt.Sprintf("etcd holds a bad record for %s: %s", short(bads[0].key), bads[0].class)
	}
	return fmt.Sprintf("etcd holds %s bad records, the first for %s: %s", thousands(len(bads)), short(bads[0].key), bads[0].class)
}

// short is the last part of a key, safe to show.
func short(key string) string { return shown(path.Base(key), maxPreview) }
