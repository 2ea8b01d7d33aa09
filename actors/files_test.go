package actors_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/file"
)

// TestRuntimeOverFiles: what happens to files that people write costs the file's
// instance its news, and never anybody their place.
func TestRuntimeOverFiles(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		root := t.TempDir()
		folder := filepath.Join(root, "services", service)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		write := func(id string, port, bytes int) {
			t.Helper()
			value, err := registry.Encode(registry.Instance{Service: service, ID: id, Host: "10.0.0.7", Port: port})
			must(errors.Join(err, os.WriteFile(filepath.Join(folder, id+".json"), []byte(value)[:min(bytes, len(value))], 0o600)))
		}
		const whole = 1 << 16
		must(os.MkdirAll(folder, 0o700))
		write("a", 50051, whole)
		write("b", 50051, whole)
		write("c", 50051, whole)
		source, err := file.New(file.Config{Root: root})
		must(err)
		c := startWith(t, actors.Config{Source: source, Prober: &pulse{}, Seed: 1})
		later := func(d time.Duration, when, want string) {
			t.Helper()
			time.Sleep(d)
			c.expect(t, when, want)
		}
		const sight = 2 * time.Second // within which a change is seen
		c.expect(t, "at first", "a:50051 b:50051 c:50051")

		write("a", 50052, 40)
		later(sight, "with half a record", "a:50051 b:50051 c:50051")
		if bad := c.status().Quarantined; len(bad) != 1 || bad[0].Class != "syntax" || !bad[0].Serving {
			t.Errorf("bad keys: got %+v, want the one that is half written", bad)
		}
		write("a", 50052, whole)
		later(sight, "with the other half", "a:50052 b:50051 c:50051")
		must(os.Remove(filepath.Join(folder, "c.json")))
		later(sight, "without c", "a:50052 b:50051")

		must(os.Rename(folder, folder+"-away"))
		later(time.Minute, "without the folder", "a:50052 b:50051")
		if got := c.guards(); got != "amnesia" {
			t.Errorf("guards: got %q, want amnesia", got)
		}
		must(os.Rename(folder+"-away", folder))
		later(6*time.Minute, "with the folder again", "a:50052 b:50051")
		if got := c.guards(); got != "" {
			t.Errorf("guards when all is well: got %q, want none", got)
		}

		must(os.Rename(root, root+"-away"))
		later(10*time.Minute, "without the root", "a:50052 b:50051")
		if status := c.status(); status.Source != "stale" || status.Staleness != "warning" {
			t.Errorf("source without the root: got %s, %s, want stale, warning", status.Source, status.Staleness)
		}
		must(os.Rename(root+"-away", root))
		write("b", 50053, whole)
		later(10*time.Second, "with the root again", "a:50052 b:50053")
		if kinds := c.kinds(); kinds[actors.EventSourceFailed] != 1 || kinds[actors.EventInstanceRemoved] != 1 || kinds[actors.EventDiverged] != 0 {
			t.Errorf("events: got %v, want one failure, and c alone removed", kinds)
		}
		c.stop(t)
	})
}
