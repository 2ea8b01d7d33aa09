package cluster

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"path"
	"sync"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/page"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/pulse"
)

const showEtcdPeriod = time.Second

func idOf(key string) string { return path.Base(key) }

// attend lets a chat node's own figures reach the page beside another attendant.
func (s *show) attend(of server, then func(ctx context.Context, life int)) func(ctx context.Context, life int) {
	if s == nil {
		return then
	}
	return func(ctx context.Context, life int) {
		var both sync.WaitGroup
		both.Go(func() {
			for ctx.Err() == nil {
				s.followPulse(ctx, of, life)
				pause(ctx, reconnectWait)
			}
		})
		then(ctx, life)
		both.Wait()
	}
}

// followPulse reads one connection to its end.
func (s *show) followPulse(ctx context.Context, of server, life int) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, of.adminURL()+"/admin/pulse", http.NoBody)
	if err != nil {
		return
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		pause(ctx, time.Second)
		return
	}
	lines := bufio.NewScanner(reply.Body)
	for lines.Scan() {
		var p pulse.Pulse
		if json.Unmarshal(lines.Bytes(), &p) == nil && ctx.Err() == nil {
			s.see(page.PulseSeen{At: time.Now(), Node: of.name, Life: life, Pulse: p})
		}
	}
}

// showEtcd reads how many watches wait at etcd.
func (a *act) showEtcd(ctx context.Context) {
	tick := time.NewTicker(showEtcdPeriod)
	defer tick.Stop()
	for {
		var stats struct {
			Watchers int `json:"watchers"`
		}
		status, body, err := get(ctx, a.maker.etcdURL()+"/v2/stats/store")
		if err == nil && status == http.StatusOK && json.Unmarshal(body, &stats) == nil {
			a.show.see(page.EtcdSeen{Watchers: stats.Watchers})
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
