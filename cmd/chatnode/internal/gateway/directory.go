package gateway

import (
	"container/list"
	"slices"
	"sync"
	"time"
)

// directory knows every session of this node: by its id, its user and its guilds, and which ones wait for their clients.
// Its lock is the innermost: nothing is called under it.
type directory struct {
	mu     sync.Mutex
	seats  map[string]*seat
	users  map[uint64][]*seat
	guilds map[uint64]map[*seat]struct{}
	parked list.List // of waiting, the longest first
}

func newDirectory() *directory {
	return &directory{seats: map[string]*seat{}, users: map[uint64][]*seat{}, guilds: map[uint64]map[*seat]struct{}{}}
}

// add makes a session known.
func (d *directory) add(s *seat, guilds []uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seats[s.id] = s
	d.users[s.user] = append(d.users[s.user], s)
	for _, g := range guilds {
		d.follow(s, g)
	}
}

// remove forgets a session and the guilds that it had in the end.
func (d *directory) remove(s *seat, guilds []uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.forgetParked(s)
	delete(d.seats, s.id)
	left := slices.DeleteFunc(d.users[s.user], func(other *seat) bool { return other == s })
	if len(left) == 0 {
		delete(d.users, s.user)
	} else {
		d.users[s.user] = left
	}
	for _, g := range guilds {
		d.unfollow(s, g)
	}
}

// moved says that a session follows a guild from now on, or does so no more.
func (d *directory) moved(s *seat, guild uint64, follows bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if follows {
		d.follow(s, guild)
	} else {
		d.unfollow(s, guild)
	}
}

func (d *directory) follow(s *seat, guild uint64) {
	set := d.guilds[guild]
	if set == nil {
		set = map[*seat]struct{}{}
		d.guilds[guild] = set
	}
	set[s] = struct{}{}
}

func (d *directory) unfollow(s *seat, guild uint64) {
	delete(d.guilds[guild], s)
	if len(d.guilds[guild]) == 0 {
		delete(d.guilds, guild)
	}
}

func (d *directory) byID(id string) *seat {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.seats[id]
}

func (d *directory) byUser(user uint64) []*seat {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.users[user])
}

func (d *directory) byGuild(guild uint64) []*seat {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := make([]*seat, 0, len(d.guilds[guild]))
	for s := range d.guilds[guild] {
		all = append(all, s)
	}
	return all
}

// park lets a session wait for its client.
func (d *directory) park(s *seat, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if s.parked == nil {
		s.parked = d.parked.PushBack(waiting{s, now})
	}
}

// unpark says that a session has a client again.
func (d *directory) unpark(s *seat) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.forgetParked(s)
}

func (d *directory) forgetParked(s *seat) {
	if s.parked != nil {
		d.parked.Remove(s.parked)
		s.parked = nil
	}
}

// overdue returns the sessions that have waited since a time or longer, and those that are beyond a number.
func (d *directory) overdue(since time.Time, limit int) []*seat {
	d.mu.Lock()
	defer d.mu.Unlock()
	var all []*seat
	beyond := d.parked.Len() - limit
	for e := d.parked.Front(); e != nil; e = e.Next() {
		w, ok := e.Value.(waiting)
		if !ok || (w.since.After(since) && len(all) >= beyond) {
			break
		}
		all = append(all, w.seat)
	}
	return all
}

// parkedCount is how many sessions wait.
func (d *directory) parkedCount() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.parked.Len()
}

// waiting is a session without a connection, and since when.
type waiting struct {
	seat  *seat
	since time.Time
}
