//go:build unix

package chaos

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/firebreak-go/firebreak/registry"
)

// act is one kind of trouble; how often it comes is its weight.
type act struct {
	weight int
	name   string
	do     func(w *world)
}

// acts is all that can happen; what takes long only where there is time.
func acts(patient bool) []act {
	all := []act{
		{4, "tear a write", (*world).tearOne},
		{4, "poison an instance", (*world).poisonOne},
		{3, "let an instance flicker", (*world).flicker},
		{4, "write keys that nobody announces", (*world).writeExtras},
		{2, "poison half a service", (*world).poisonHalf},
		{1, "make directories", (*world).makeDirectories},
		{3, "kill etcd", (*world).killServer},
		{3, "pause etcd", (*world).pauseServer},
		{2, "wipe etcd", (*world).wipeServer},
		{2, "remove a directory", (*world).removeDirectory},
		{4, "flood etcd", (*world).flood},
		{4, "cut links", (*world).cut},
		{2, "join", (*world).joinOne},
		{2, "leave", (*world).leaveOne},
		{2, "crash", (*world).crashOne},
		{2, "crash together", (*world).crashSome},
		{1, "reboot a node", (*world).reboot},
		{1, "an operator holds", (*world).hold},
	}
	if patient {
		all = append(all, act{2, "isolate the largest service", (*world).isolate})
	}
	return all
}

// trouble does one thing.
func (w *world) trouble() {
	w.t.Helper()
	all := acts(*durationFlag >= time.Minute)
	total := 0
	for _, a := range all {
		total += a.weight
	}
	drawn := w.random.IntN(total)
	for _, a := range all {
		if drawn -= a.weight; drawn < 0 {
			w.say("%s", a.name)
			a.do(w)
			return
		}
	}
}

func (w *world) tearOne() {
	i := pick(w, w.instances)
	arrives, honest := w.random.IntN(60), w.random.IntN(2) == 0
	w.say("  %s, %d bytes arrive, honest: %v", i.id, arrives, honest)
	w.brief(func(ctx context.Context) error { return w.server.tear(ctx, i.key, i.value, arrives, honest) })
}

func (w *world) poisonOne() {
	i := pick(w, w.instances)
	value := w.hostile(i.service, i.id, i.value)
	w.say("  %s with %s", i.id, classOf(i.service, i.id, value))
	w.brief(func(ctx context.Context) error { return w.server.put(ctx, i.key, value, 0) })
}

// flicker poisons an instance and repairs it, faster than it can be judged.
func (w *world) flicker() {
	i := pick(w, w.instances)
	times := 2 + w.random.IntN(6)
	w.say("  %s, %d times", i.id, times)
	for range times {
		w.brief(func(ctx context.Context) error { return w.server.put(ctx, i.key, "", 0) })
		w.brief(func(ctx context.Context) error { return w.server.put(ctx, i.key, i.value, ttl) })
	}
}

// poisonHalf takes one class for all: what one bad deploy would do.
func (w *world) poisonHalf() {
	service := pick(w, crowd()).name
	class := registry.ClassOversize + registry.Class(w.random.IntN(int(registry.ClassSemantic)))
	w.say("  %s with %s", service, class)
	for n, i := range w.instances {
		if i.service == service && n%2 == 0 {
			value := samples(w.t, i.service, i.id)[class]
			w.brief(func(ctx context.Context) error { return w.server.put(ctx, i.key, value, 0) })
		}
	}
}

// writeExtras writes, overwrites and removes keys beside the announced ones, good and
// bad, some of which expire.
func (w *world) writeExtras() {
	service := pick(w, crowd()).name
	for range 1 + w.random.IntN(6) {
		id := fmt.Sprintf("extra-%d", w.random.IntN(8))
		key := directory(service) + id
		value := fmt.Sprintf(`{"v":1,"service":%q,"id":%q,"host":"127.0.0.1","port":%d,"x":[{}]}`, service, id, 1+w.random.IntN(3))
		if w.random.IntN(2) == 0 {
			value = w.hostile(service, id, value)
		}
		lives := time.Duration(w.random.IntN(3)) * time.Second
		w.brief(func(ctx context.Context) error {
			if w.random.IntN(4) == 0 {
				return w.server.remove(ctx, key)
			}
			return w.server.put(ctx, key, value, lives)
		})
	}
}

func (w *world) makeDirectories() {
	at := directory(pick(w, crowd()).name) + fmt.Sprintf("folder-%d", w.random.IntN(2))
	w.brief(func(ctx context.Context) error { return w.server.put(ctx, at+"/below/deep", "x", time.Second) })
	w.brief(func(ctx context.Context) error {
		return send(ctx, http.MethodPut, w.server.url(at+"/empty")+"?dir=true&ttl=1", nil)
	})
	w.brief(func(ctx context.Context) error { return w.server.remove(ctx, at) })
}

func (w *world) joinOne() {
	if len(w.instances) < 24 {
		w.say("  %s", w.join(pick(w, crowd()).name).id)
	}
}

// one draws an instance that may go: something is to be left of each service.
func (w *world) one() *instance {
	i := pick(w, w.instances)
	if len(w.offering(i.service)) < 3 {
		return nil
	}
	return i
}

func (w *world) leaveOne() {
	if i := w.one(); i != nil {
		w.say("  %s", i.id)
		w.without(i)
		i.leave()
	}
}

func (w *world) crashOne() {
	if i := w.one(); i != nil {
		w.say("  %s", i.id)
		w.without(i)
		i.crash()
	}
}

// crashSome ends so many of the largest service that it might be etcd's fault.
func (w *world) crashSome() {
	doomed := w.offering(crowd()[0].name)
	if len(doomed) < 8 {
		return
	}
	for _, i := range doomed[:4] {
		w.say("  %s", i.id)
		w.without(i)
		i.crash()
	}
}

func (w *world) reboot() {
	w.nodes[0].stop(w.t)
	w.blame(w.nodes[0])
	w.nodes = w.nodes[1:]
	w.boot()
}

func (w *world) hold() {
	n, service := pick(w, w.nodes), pick(w, crowd()).name
	w.say("  %s of %s", service, n.name)
	n.held[service] = true
	_ = n.runtime.Hold(service) // a watcher that is not up yet holds nothing
}
