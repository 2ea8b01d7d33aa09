package etcd

import (
	"slices"

	"github.com/rs/zerolog"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// chatter is etcd's own log, written through ours from the given level on.
func chatter(log zerolog.Logger, level zerolog.Level) *zap.Logger {
	return zap.New(zapToZerolog{log: log, level: zapLevel(level)})
}

// zapToZerolog carries etcd's lines over. It keeps nothing but its fields.
type zapToZerolog struct {
	log    zerolog.Logger
	level  zapcore.Level
	fields []zapcore.Field
}

func (c zapToZerolog) Enabled(level zapcore.Level) bool { return level >= c.level }

func (c zapToZerolog) With(fields []zapcore.Field) zapcore.Core {
	c.fields = append(slices.Clip(c.fields), fields...)
	return c
}

func (c zapToZerolog) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if c.Enabled(entry.Level) {
		return checked.AddCore(entry, c)
	}
	return checked
}

func (c zapToZerolog) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	into := zapcore.NewMapObjectEncoder()
	for _, f := range c.fields {
		f.AddTo(into)
	}
	for _, f := range fields {
		f.AddTo(into)
	}
	c.log.WithLevel(zerologLevel(entry.Level)).Str("from", "etcd").Fields(into.Fields).Msg(entry.Message)
	return nil
}

func (zapToZerolog) Sync() error { return nil }

// zerologLevel writes a panic or a fatal as an error: zap itself ends the process
// after the line, as etcd wants it to.
func zerologLevel(level zapcore.Level) zerolog.Level {
	switch level {
	case zapcore.DebugLevel:
		return zerolog.DebugLevel
	case zapcore.InfoLevel:
		return zerolog.InfoLevel
	case zapcore.WarnLevel:
		return zerolog.WarnLevel
	case zapcore.ErrorLevel, zapcore.DPanicLevel, zapcore.PanicLevel, zapcore.FatalLevel:
	}
	return zerolog.ErrorLevel
}

func zapLevel(level zerolog.Level) zapcore.Level {
	switch {
	case level <= zerolog.DebugLevel:
		return zapcore.DebugLevel
	case level == zerolog.InfoLevel:
		return zapcore.InfoLevel
	case level == zerolog.WarnLevel:
		return zapcore.WarnLevel
	}
	return zapcore.ErrorLevel
}
