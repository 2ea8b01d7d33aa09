package actors_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/registry"
)

// TestOperatorSteersSingleKeys: each command shows in the picks, the status, the
// explanation and the events.
func TestOperatorSteersSingleKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := startWith(t, actors.Config{Prober: &pulse{}}, "a", "b")
		ctx := t.Context()
		why := func(id string, picked bool, want string) {
			t.Helper()
			synctest.Wait()
			w, err := c.runtime.Why(service, id)
			if err != nil || w.Picked != picked || !strings.Contains(w.Sentence, want) {
				t.Errorf("why %s: got %+v, %v, want %v and %q", id, w, err, picked, want)
			}
		}
		do := func(err error) {
			t.Helper()
			if err != nil {
				t.Errorf("command: got %v, want no error", err)
			}
		}
		do(c.runtime.Ban(ctx, service, "a", "wrong"))
		c.expect(t, "banned", "b:50051")
		why("a", false, "banned it for 0s")
		if orders := c.status().Orders; len(orders) != 1 || orders[0].Order != "banned" || orders[0].Reason != "wrong" {
			t.Errorf("orders: got %+v, want the ban", orders)
		}
		do(c.runtime.Unban(ctx, service, key("a")))
		do(c.runtime.Pin(ctx, service, "b", 0, ""))
		b, _ := c.registry.Get(ctx, key("b"))
		do(c.registry.Delete(ctx, key("b"), b.Index))
		c.expect(t, "pinned", "a:50051 b:50051")
		why("b", true, "pinned it")
		do(c.runtime.Unpin(ctx, service, "b"))
		c.expect(t, "unpinned", "a:50051")
		c.registry.Put(key("a"), "", 0)
		synctest.Wait()
		do(c.runtime.Release(ctx, service, "a"))
		why("a", true, "the newest is bad (empty")
		do(c.runtime.AcceptBaseline(service))
		synctest.Wait()
		kinds := c.kinds()
		if kinds[actors.EventOrderGiven] != 2 || kinds[actors.EventOrderLifted] != 2 || kinds[actors.EventKeyRejudged] != 1 ||
			kinds[actors.EventKeyQuarantined] != 2 || kinds[actors.EventBaselineAccepted] != 1 {
			t.Errorf("events: got %v, want two orders, two verdicts, one baseline", kinds)
		}
		if err := c.runtime.Unpin(ctx, service, "a"); !errors.Is(err, registry.ErrRefused) {
			t.Errorf("unpin of what is not pinned: got %v, want a refusal", err)
		}
		if err := c.runtime.Ban(ctx, "nobody", "a", ""); !errors.Is(err, actors.ErrNotWatched) {
			t.Errorf("ban in a service that is not watched: got %v, want ErrNotWatched", err)
		}
		x, err := c.runtime.Export(ctx, service, "a")
		if err != nil || x.Class != "empty" || x.Length != 0 || x.Index == 0 {
			t.Errorf("export: got %+v, %v, want the empty value", x, err)
		}
		if _, err := c.runtime.Export(ctx, service, "z"); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("export of nothing: got %v, want ErrNotFound", err)
		}
		c.stop(t)
		if err := c.runtime.Ban(ctx, service, "a", ""); !errors.Is(err, actors.ErrNotRunning) {
			t.Errorf("ban after Stop: got %v, want ErrNotRunning", err)
		}
	})
}
