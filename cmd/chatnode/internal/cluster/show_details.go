package cluster

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/page"
)

const (
	maxTreeReply   = 16 << 20
	shownDecisions = 50
	// keptNodes is of how many nodes a recording gets the tree at an act's end, and
	// keepLimit how long reading them may take.
	keptNodes = 24
	keepLimit = 2 * time.Second
)

// Node is part of [page.Details]: the node's own tree of supervisors, as it is now.
func (s *show) Node(ctx context.Context, id string) (page.NodeDetail, error) {
	a, err := s.running()
	if err != nil {
		return page.NodeDetail{}, err
	}
	i := slices.IndexFunc(a.layout.nodes, func(n server) bool { return n.name == id })
	if i < 0 {
		return page.NodeDetail{}, page.ErrUnknown
	}
	detail := page.NodeDetail{ID: id, Decisions: []page.Decision{}}
	root, err := readTree(ctx, a.layout.nodes[i].adminURL())
	if err != nil {
		detail.Note = id + " does not show its tree: " + err.Error()
		return detail, nil //nolint:nilerr // a node that is down is what the page shows then
	}
	tree := treeOf(root)
	detail.Tree = &tree
	detail.Decisions = decisionsOf(root, time.Now())
	s.keepDetail("node", detail)
	return detail, nil
}

// Key is part of [page.Details].
func (s *show) Key(_ context.Context, key string) (page.KeyDetail, error) {
	detail, err := s.recorder.Key(key)
	if err == nil {
		s.keepDetail("key", detail)
	}
	return detail, err
}

// Incident is part of [page.Details].
func (s *show) Incident(_ context.Context, id string) (page.IncidentDetail, error) {
	detail, err := s.recorder.Incident(id)
	if err == nil {
		s.keepDetail("incident", detail)
	}
	return detail, err
}

// keepDetail leaves in the recording what somebody looked at.
func (s *show) keepDetail(kind string, v any) {
	if s.recording != nil {
		s.recording.Keep(kind, v)
	}
}

// keepDetails leaves in the recording, if there is one, what is behind the act's
// last frame: whoever replays it can open nodes and keys.
func (s *show) keepDetails(ctx context.Context) {
	if s.recording == nil {
		return
	}
	a, err := s.running()
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, keepLimit)
	defer cancel()
	for _, n := range a.layout.nodes[:min(len(a.layout.nodes), keptNodes)] {
		_, _ = s.Node(ctx, n.name) // which keeps it
	}
	for _, api := range append(slices.Clone(a.layout.apis), a.layout.joiner) {
		if key, _, err := keyOf(api.name); err == nil {
			_, _ = s.Key(ctx, key)
		}
	}
}

// running is the act that runs.
func (s *show) running() (*act, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.act == nil {
		return nil, fmt.Errorf("%w: no cluster runs at the moment", page.ErrUnknown)
	}
	return s.act, nil
}

func readTree(ctx context.Context, admin string) (actors.Node, error) {
	var root actors.Node
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, admin+"/admin/tree", http.NoBody)
	if err != nil {
		return root, err
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return root, fmt.Errorf("it does not answer: %w", err)
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		return root, fmt.Errorf("it answers %s", reply.Status)
	}
	return root, json.NewDecoder(io.LimitReader(reply.Body, maxTreeReply)).Decode(&root)
}

// treeOf is a node's tree as the page draws it.
func treeOf(n actors.Node) page.TreeNode {
	t := page.TreeNode{
		ID: n.ID, Kind: "child", State: n.State, Restarts: n.Restarts, LastExit: n.LastExit, BackoffMS: n.UntilMS,
	}
	if n.Supervisor == nil {
		return t
	}
	t.Kind, t.Intensity, t.WindowMS, t.Used = "supervisor", n.Supervisor.Allowed, n.Supervisor.PeriodMS, n.Supervisor.Used
	t.Omitted = n.Supervisor.Omitted
	for _, child := range n.Supervisor.Children {
		t.Children = append(t.Children, treeOf(child))
	}
	return t
}

// decisionsOf are the last decisions of all supervisors of a tree, oldest first.
func decisionsOf(root actors.Node, now time.Time) []page.Decision {
	all := collectDecisions(nil, root, now)
	slices.SortStableFunc(all, func(a, b page.Decision) int { return cmp.Compare(a.T, b.T) })
	return append([]page.Decision{}, all[max(0, len(all)-shownDecisions):]...)
}

func collectDecisions(all []page.Decision, n actors.Node, now time.Time) []page.Decision {
	if n.Supervisor == nil {
		return all
	}
	for _, d := range n.Supervisor.Decisions {
		text := n.Path + ": " + d.Input
		if len(d.Effects) > 0 {
			text += " → " + strings.Join(d.Effects, ", ")
		}
		if d.More > 0 {
			text += fmt.Sprintf(" and %d more", d.More)
		}
		all = append(all, page.Decision{T: now.Add(-time.Duration(d.AgoMS) * time.Millisecond).UnixMilli(), Text: text})
	}
	for _, child := range n.Supervisor.Children {
		all = collectDecisions(all, child, now)
	}
	return all
}
