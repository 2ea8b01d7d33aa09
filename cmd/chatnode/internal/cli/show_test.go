package cli

import (
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersionSaysWhichBuild(t *testing.T) {
	setting := func(key, value string) debug.BuildSetting { return debug.BuildSetting{Key: key, Value: value} }
	target := []debug.BuildSetting{setting("GOOS", "plan9"), setting("GOARCH", "386")}
	build := func(version string, more ...debug.BuildSetting) *debug.BuildInfo {
		return &debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Version: version}, Settings: append(more, target...)}
	}
	for _, row := range []struct {
		name string
		info *debug.BuildInfo
		want string
	}{
		{"a release", build("v1.2.3"), "chatnode v1.2.3 go1.26.8 plan9/386"},
		{"a checkout", build("(devel)", setting("vcs.revision", "abc"), setting("vcs.modified", "false")), "chatnode (devel) revision abc go1.26.8 plan9/386"},
		{"a changed checkout", build("(devel)", setting("vcs.revision", "abc"), setting("vcs.modified", "true")), "chatnode (devel) revision abc (modified) go1.26.8 plan9/386"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := version(row.info); got != row.want {
				t.Errorf("version: got %q, want %q", got, row.want)
			}
		})
	}
	if got := version(nil); !strings.HasPrefix(got, "chatnode (unknown build) go") {
		t.Errorf("version of a build without modules: got %q, want it to say so", got)
	}
}
