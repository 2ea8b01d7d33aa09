package rest

import (
	"context"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/event"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

// getApplication tells a bot of its application, which has the bot's id and name.
func (s *Server) getApplication(_ context.Context, c call) (answer, error) {
	me := event.UserObject(c.user)
	return ok(struct {
		ID          protocol.Snowflake  `json:"id"`
		Name        string              `json:"name"`
		Icon        *string             `json:"icon"`
		Description string              `json:"description"`
		Public      bool                `json:"bot_public"`
		CodeGrant   bool                `json:"bot_require_code_grant"`
		Owner       protocol.UserObject `json:"owner"`
		Bot         protocol.UserObject `json:"bot"`
		Team        *struct{}           `json:"team"`
		Verify      string              `json:"verify_key"`
		Summary     string              `json:"summary"`
		Flags       int                 `json:"flags"`
	}{ID: me.ID, Name: me.Username, Owner: me, Bot: me})
}
