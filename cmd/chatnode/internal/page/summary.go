package page

import "slices"

// summary is one act for those who come late: its newest frame, put together from
// all, and its series. It is used under its feed's lock.
type summary struct {
	last  Frame
	order []string // of the nodes, as they were first told
	nodes map[string]Node
	flags []Flag

	points []point
	stride int // every how many frames a point is kept
	frames int
}

// point is what the series keep of a frame.
type point struct {
	t        int64
	sessions int
	offered  float64
	throttle *float64
	capacity int
}

func newSummary() *summary { return &summary{nodes: make(map[string]Node), stride: 1} }

// add takes a frame in.
func (s *summary) add(f Frame) {
	if f.Whole {
		s.order, s.flags = nil, nil
		clear(s.nodes)
	}
	for _, n := range f.Nodes {
		if _, known := s.nodes[n.ID]; !known {
			s.order = append(s.order, n.ID)
		}
		s.nodes[n.ID] = n
	}
	s.flags = append(s.flags, f.Flags...)
	s.flags = s.flags[:min(len(s.flags), maxFlags)]
	s.last = f
	s.plot(f)
}

// plot keeps a point. When there are too many, every other one goes: the first
// and the newest stay, and all are equally far apart.
func (s *summary) plot(f Frame) {
	s.frames++
	if (s.frames-1)%s.stride != 0 {
		return
	}
	if len(s.points) == maxPoints-1 { // one more is the newest frame
		kept := s.points[:0]
		for i := 0; i < len(s.points); i += 2 {
			kept = append(kept, s.points[i])
		}
		s.points = kept
		s.stride *= 2
		if (s.frames-1)%s.stride != 0 {
			return
		}
	}
	s.points = append(s.points, pointOf(f))
}

func pointOf(f Frame) point {
	return point{t: f.T, sessions: f.Band.Sessions, offered: f.Band.Offered, throttle: f.Band.Throttle, capacity: f.Band.Capacity}
}

// whole is the newest frame with everything in it.
func (s *summary) whole() Frame {
	f := s.last
	f.Whole = true
	f.Nodes = make([]Node, 0, len(s.order))
	for _, id := range s.order {
		f.Nodes = append(f.Nodes, s.nodes[id])
	}
	f.Flags = slices.Clone(s.flags)
	return f
}

func (s *summary) series() Series {
	points := slices.Clone(s.points)
	if n := len(points); s.frames > 0 && (n == 0 || points[n-1].t != s.last.T) {
		points = append(points, pointOf(s.last))
	}
	out := Series{
		T: make([]int64, 0, len(points)), Sessions: make([]int, 0, len(points)), Offered: make([]float64, 0, len(points)),
		Throttle: make([]*float64, 0, len(points)), Capacity: make([]int, 0, len(points)), Flags: append([]Flag{}, s.flags...),
	}
	for _, p := range points {
		out.T = append(out.T, p.t)
		out.Sessions = append(out.Sessions, p.sessions)
		out.Offered = append(out.Offered, p.offered)
		out.Throttle = append(out.Throttle, p.throttle)
		out.Capacity = append(out.Capacity, p.capacity)
	}
	return out
}
