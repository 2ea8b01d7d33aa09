package cli

import (
	"net/http"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/guild"
)

// figure is one number of a role, read when it is asked for.
type figure struct {
	name, help string
	kind       prometheus.ValueType
	value      func() float64
}

// figures is a collector of them.
type figures []figure

// Describe is part of [prometheus.Collector].
func (f figures) Describe(out chan<- *prometheus.Desc) {
	for _, one := range f {
		out <- one.desc()
	}
}

// Collect is part of [prometheus.Collector].
func (f figures) Collect(out chan<- prometheus.Metric) {
	for _, one := range f {
		out <- prometheus.MustNewConstMetric(one.desc(), one.kind, one.value())
	}
}

func (f figure) desc() *prometheus.Desc { return prometheus.NewDesc(f.name, f.help, nil, nil) }

// guildFigures are a chat node's guilds and sessions.
func guildFigures(guilds *guild.Node, server *gateway.Server) figures {
	g := func(of func(guild.Stats) uint64) func() float64 {
		return func() float64 { return float64(of(guilds.Stats())) }
	}
	s := func(of func(gateway.Stats) uint64) func() float64 {
		return func() float64 { return float64(of(server.Stats())) }
	}
	count, now := prometheus.CounterValue, prometheus.GaugeValue
	return figures{
		{"firebreak_guilds_owned", "Guilds that this node owns.", now, g(func(n guild.Stats) uint64 { return uint64(n.Owned) })},
		{"firebreak_guilds_followed", "Guilds that sessions here have.", now, g(func(n guild.Stats) uint64 { return uint64(n.Followed) })},
		{"firebreak_guilds_unavailable", "Followed guilds that are not available.", now, g(func(n guild.Stats) uint64 { return uint64(n.Hidden) })},
		{"firebreak_guild_outages_total", "Times that a followed guild became unavailable.", count, g(func(n guild.Stats) uint64 { return n.Outages })},
		{"firebreak_guild_claims_total", "Claims asked of the store.", count, g(func(n guild.Stats) uint64 { return n.Claims })},
		{"firebreak_guild_reads_total", "Reads of missing changes asked of the store.", count, g(func(n guild.Stats) uint64 { return n.Reads })},
		{"firebreak_guild_events_total", "Events passed on to sessions here, once for all of them.", count, g(func(n guild.Stats) uint64 { return n.Told })},
		{"firebreak_guild_peers_lost_total", "Times that another node could not be reached.", count, g(func(n guild.Stats) uint64 { return n.Lost })},
		{"firebreak_sessions", "Sessions that are connected.", now, s(func(n gateway.Stats) uint64 { return uint64(n.Ready) })},
		{"firebreak_sessions_parked", "Sessions that wait for their clients.", now, s(func(n gateway.Stats) uint64 { return uint64(n.Parked) })},
		{"firebreak_sessions_identified_total", "READYs.", count, s(func(n gateway.Stats) uint64 { return n.Identified })},
		{"firebreak_sessions_resumed_total", "RESUMEDs.", count, s(func(n gateway.Stats) uint64 { return n.Resumed })},
	}
}

// tellerFigures are what an API node told chat nodes.
func tellerFigures(teller *guild.Teller) figures {
	return figures{
		{"firebreak_changes_told_total", "Changes that a chat node took.", prometheus.CounterValue, func() float64 {
			return float64(teller.Stats().Told)
		}},
		{"firebreak_changes_untold_total", "Changes that none took, which owners find in the store.", prometheus.CounterValue, func() float64 {
			return float64(teller.Stats().Untold)
		}},
	}
}

// openGuilds shows a chat node's guilds and sessions on its admin listener.
func (a *admin) openGuilds(guilds *guild.Node, server *gateway.Server) {
	a.metrics.MustRegister(guildFigures(guilds, server))
	a.mux.HandleFunc("GET /admin/guilds", func(w http.ResponseWriter, _ *http.Request) {
		answerJSON(w, http.StatusOK, struct {
			Guilds   guild.Stats   `json:"guilds"`
			Sessions gateway.Stats `json:"sessions"`
		}{guilds.Stats(), server.Stats()})
	})
}
