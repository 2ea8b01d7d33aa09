//go:build unix

package chaos

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// upheaval is the last trouble before there is peace, and the next thing that happens
// is the end of it: from each the views have to recover in time.
func (w *world) upheaval() {
	w.say("upheaval")
	pick(w, []func(*world){
		(*world).killServer, (*world).pauseServer, (*world).wipeServer, (*world).flood, (*world).cut, (*world).removeDirectory,
	})(w)
}

// halt takes etcd away, unless it is away already, and begins it again later.
func (w *world) halt(how, again func(), least, most time.Duration) {
	if w.down {
		return
	}
	w.down = true
	how()
	w.later(w.between(least, most), func() {
		again()
		w.down = false
		w.say("  etcd is back")
	})
}

func (w *world) killServer() {
	w.halt(w.server.kill, w.server.start, 0, 1500*time.Millisecond)
}

func (w *world) pauseServer() {
	w.halt(w.server.pause, w.server.resume, 200*time.Millisecond, 2500*time.Millisecond)
}

func (w *world) wipeServer() {
	another := w.random.IntN(2) == 0
	w.halt(w.server.kill, func() { w.server.wipe(another) }, 0, 500*time.Millisecond)
}

func (w *world) removeDirectory() {
	path := directory(pick(w, crowd()).name)
	if w.random.IntN(4) == 0 {
		path = "/services"
	}
	w.say("  %s", path)
	w.brief(func(ctx context.Context) error { return w.server.remove(ctx, path) })
}

// flood uses the whole history up, with writes elsewhere and with renewals.
func (w *world) flood() {
	if w.down {
		return
	}
	const workers, each = 8, 160
	var wait sync.WaitGroup
	ctx, cancel := context.WithTimeout(w.t.Context(), 3*time.Second)
	defer cancel()
	for n := range workers {
		wait.Go(func() {
			key := fmt.Sprintf("/elsewhere/%d", n)
			_ = w.server.put(ctx, key, "x", time.Minute)
			renewal := url.Values{"refresh": {"true"}, "ttl": {"60"}, "prevExist": {"true"}}
			for m := range each {
				if m%2 == 0 {
					_ = send(ctx, http.MethodPut, w.server.url(key), renewal)
					continue
				}
				_ = w.server.put(ctx, key, "x", time.Minute)
			}
		})
	}
	wait.Wait()
}

// cut takes the network from one node, from all, or from an instance for a part of
// its TTL.
func (w *world) cut() {
	links, most := []*link{pick(w, w.nodes).link}, 2*time.Second
	switch w.random.IntN(3) {
	case 0:
		links, most = []*link{pick(w, w.instances).link}, ttl/4
	case 1:
		for _, n := range w.nodes {
			links = append(links, n.link)
		}
	}
	how := w.random.IntN(3)
	d := w.between(50*time.Millisecond, most)
	w.say("  %d links, %s for %v", len(links), []string{"reset", "refused", "stalled"}[how], d.Round(time.Millisecond))
	for _, l := range links {
		switch how {
		case 0:
			l.reset()
		case 1:
			l.refuse(true)
			w.later(d, func() { l.refuse(false) })
		default:
			l.stall()
			w.later(d, l.flow)
		}
	}
}

// isolate takes the network from everybody who announces the largest service until
// their records have expired, and longer than a single removal waits. In a smaller
// one they may be too few, beside keys that nobody announces, to be a crowd.
func (w *world) isolate() {
	crowded := w.offering(crowd()[0].name)
	if len(crowded) < 5 {
		return
	}
	for _, i := range crowded {
		i.link.refuse(true)
		w.later(2*ttl+removalDelay, func() { i.link.refuse(false) })
	}
	w.pass(2*ttl + removalDelay)
}
