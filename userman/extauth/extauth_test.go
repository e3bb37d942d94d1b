package extauth_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/extauth"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const domain = "example.com"

// fakeUsers are passwords by username. "slow" never answers, and "broken" fails.
type fakeUsers map[string]string

func (p fakeUsers) AuthenticateService(ctx context.Context, service, login string, password store.Secret) (*userman.User, error) {
	want, ok := p[login]
	switch {
	case service != "xmpp":
		return nil, errors.New("this is not the service")
	case login == "slow":
		<-ctx.Done()
		return nil, ctx.Err()
	case login == "broken":
		return nil, errors.New("the database is down")
	case login == "throttled":
		return nil, &store.RateLimitedError{RetryAfter: time.Second}
	case !ok || password.IsZero() || password.Reveal() != want:
		return nil, &credential.LoginError{Code: credential.InvalidCredentials, Message: "wrong"}
	}
	return &userman.User{Username: login}, nil
}

func (p fakeUsers) CanUseService(_ context.Context, _, login string) (bool, error) {
	if login == "broken" {
		return true, errors.New("the database is down")
	}
	_, ok := p[login]
	return ok, nil
}

func allUsers() fakeUsers {
	return fakeUsers{"jane": "pass: with colons:", "joe@acme.com": "joe's", `a"b&c'd/e:f<g>h i\j`: "signs", "张伟": "密码", "slow": "x"}
}

// frame puts the length before each request.
func frame(requests ...string) string {
	var b bytes.Buffer
	for _, q := range requests {
		_ = binary.Write(&b, binary.BigEndian, uint16(len(q)))
		b.WriteString(q)
	}
	return b.String()
}

// serveAll returns the answers to all of in, as digits, in the order of the
// requests.
func serveAll(t testing.TB, protocol extauth.Protocol, in io.Reader) (answers string, err error) {
	t.Helper()
	var out bytes.Buffer
	s := extauth.New(allUsers(), domain, &extauth.Options{Protocol: protocol, Timeout: 20 * time.Millisecond})
	err = s.Serve(t.Context(), in, &out)
	text := out.String()
	if protocol == extauth.Generic {
		return strings.ReplaceAll(text, "\n", ""), err
	}
	return strings.NewReplacer("\x00\x02\x00\x01", "1", "\x00\x02\x00\x00", "0").Replace(text), err
}

func TestServer_Serve_answersQuestions(t *testing.T) {
	t.Parallel()
	for request, want := range map[string]string{
		"auth:jane:example.com:pass: with colons:":  "1",
		"auth:jane:EXAMPLE.com:pass: with colons:":  "1",
		"auth:jane:example.com:pass":                "0",
		"auth:jane:example.com:":                    "0",
		"auth:jane:example.com":                     "0",
		"auth:jane":                                 "0",
		"auth:jane:example.net:pass: with colons:":  "0",
		"auth:jane::pass: with colons:":             "0",
		"auth:nobody:example.com:pass":              "0",
		`auth:joe\40acme.com:example.com:joe's`:     "1",
		"auth:joe@acme.com:example.com:joe's":       "1",
		"auth:张伟:example.com:密码":                    "1",
		"auth:broken:example.com:x":                 "0",
		"auth:throttled:example.com:x":              "0",
		"auth:slow:example.com:x":                   "0",
		"isuser:jane:example.com":                   "1",
		`isuser:joe\40acme.com:example.com`:         "1",
		"isuser:nobody:example.com":                 "0",
		"isuser:jane:example.net":                   "0",
		"isuser:broken:example.com":                 "0",
		"isuser:jane:example.com:x":                 "0",
		"isuser:jane":                               "0",
		"setpass:jane:example.com:new":              "0",
		"tryregister:new:example.com:new":           "0",
		"removeuser:jane:example.com":               "0",
		"removeuser3:jane:example.com:pass: with :": "0",
		"AUTH:jane:example.com:pass: with colons:":  "0",
		"":                          "0",
		"::::":                      "0",
		"\x00\xff":                  "0",
		strings.Repeat("x", 1<<15):  "0",
		strings.Repeat("auth:", 99): "0",
		`auth:a\22b\26c\27d\2fe\3af\3cg\3eh\20i\5cj:example.com:signs`: "1",
	} {
		answers, err := serveAll(t, extauth.Ejabberd, strings.NewReader(frame(request)))
		require.NoError(t, err)
		require.Equal(t, want, answers, "%.60q", request)
		answers, err = serveAll(t, extauth.Generic, strings.NewReader(request+"\n"))
		require.NoError(t, err)
		require.Equal(t, want, answers, "%.60q", request)
	}
}

const validQuestion, invalidQuestion = "auth:jane:example.com:pass: with colons:", "auth:jane:example.com:no"

func TestProtocol_UnmarshalText_acceptsKnownProtocols(t *testing.T) {
	t.Parallel()
	for _, want := range []extauth.Protocol{extauth.Ejabberd, extauth.Generic} {
		text, err := want.MarshalText()
		require.NoError(t, err)
		var got extauth.Protocol
		require.NoError(t, got.UnmarshalText(text))
		require.Equal(t, want, got)
	}
	got := extauth.Generic
	require.EqualError(t, got.UnmarshalText([]byte("Ejabberd")), "write ejabberd or generic")
	require.Equal(t, extauth.Generic, got, "an error changes nothing")
}

func TestServer_Serve_keepsOrder(t *testing.T) {
	t.Parallel()
	in := frame(validQuestion, invalidQuestion, "isuser:jane:example.com", "", validQuestion)
	answers, err := serveAll(t, extauth.Ejabberd, strings.NewReader(in))
	require.NoError(t, err)
	require.Equal(t, "10101", answers)
	answers, err = serveAll(t, extauth.Ejabberd, oneByteReader{strings.NewReader(in)})
	require.NoError(t, err)
	require.Equal(t, "10101", answers)
}

// oneByteReader reads a byte at once, as a slow pipe may.
type oneByteReader struct{ io.Reader }

func (r oneByteReader) Read(p []byte) (int, error) { return r.Reader.Read(p[:min(1, len(p))]) }

func TestServer_Serve_truncatedQuestionFails(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"\x00", "\x00\x05auth", frame(validQuestion)[:10], frame(validQuestion) + "\xff\xff"} {
		_, err := serveAll(t, extauth.Ejabberd, strings.NewReader(in))
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	}
	_, err := serveAll(t, extauth.Generic, strings.NewReader(strings.Repeat("x", 1<<20)))
	require.Error(t, err, "a line without an end takes no more memory than the longest request")
	answers, err := serveAll(t, extauth.Ejabberd, strings.NewReader(""))
	require.NoError(t, err)
	require.Empty(t, answers)
}

// A password with a line break must not answer for another user: the server
// would mistake the second answer for the answer to its next request.
func TestServer_Serve_rejectsLineBreakInPassword(t *testing.T) {
	t.Parallel()
	for _, injected := range []string{invalidQuestion + "\n" + validQuestion, validQuestion + "\n" + validQuestion, "setpass:jane:example.com:x\n" + validQuestion, "x\n\n\n" + validQuestion} {
		answers, err := serveAll(t, extauth.Generic, strings.NewReader(injected+"\n"))
		require.NoError(t, err)
		require.Equal(t, "0", answers, "%q", injected)
	}
	// A length says where a request ends.
	answers, err := serveAll(t, extauth.Ejabberd, strings.NewReader(frame(invalidQuestion+"\n"+validQuestion)))
	require.NoError(t, err)
	require.Equal(t, "0", answers)
}

// session is a server that waits for each answer.
type session struct {
	in      *io.PipeWriter
	answers *io.PipeReader
	ended   chan error
}

func startSession(ctx context.Context, s *extauth.Server) *session {
	in, ask := io.Pipe()
	answers, out := io.Pipe()
	c := &session{ask, answers, make(chan error, 1)}
	go func() {
		c.ended <- s.Serve(ctx, in, out)
		_ = out.Close()
		_ = in.Close()
	}()
	return c
}

func (c *session) ask(t *testing.T, request string, size int) string {
	t.Helper()
	_, err := c.in.Write([]byte(request))
	require.NoError(t, err)
	answer := make([]byte, size)
	_, err = io.ReadFull(c.answers, answer)
	require.NoError(t, err)
	return string(answer)
}

func TestServer_Serve_answersLineByLine(t *testing.T) {
	t.Parallel()
	c := startSession(t.Context(), extauth.New(allUsers(), domain, &extauth.Options{Protocol: extauth.Generic}))
	require.Equal(t, "1\n", c.ask(t, validQuestion+"\n", 2))
	require.Equal(t, "0\n", c.ask(t, invalidQuestion+"\r\n", 2))
	require.Equal(t, "1\n", c.ask(t, validQuestion+"\r\n", 2))
	require.NoError(t, c.in.Close())
	require.NoError(t, <-c.ended)
}

func TestServer_Serve_endsWithContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	c := startSession(ctx, extauth.New(allUsers(), domain, nil))
	require.Equal(t, "\x00\x02\x00\x01", c.ask(t, frame(validQuestion), 4))
	cancel()
	require.NoError(t, <-c.ended)
}

func TestServer_Serve_failsOnClosedOutput(t *testing.T) {
	t.Parallel()
	in, out := io.Pipe()
	require.NoError(t, in.Close())
	err := extauth.New(allUsers(), domain, nil).Serve(t.Context(), strings.NewReader(frame(validQuestion)), out)
	require.ErrorIs(t, err, io.ErrClosedPipe)
}

// syncBuffer is a buffer for a log.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func TestServer_Serve_logsNoSubmittedText(t *testing.T) {
	t.Parallel()
	const typed = "hunter2"
	var log syncBuffer
	s := extauth.New(allUsers(), domain, &extauth.Options{
		Timeout: 20 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	var in []string
	for _, kind := range []string{"auth", "isuser", "setpass", "removeuser3", typed} {
		for _, user := range []string{"jane", typed, "broken", "slow", "throttled"} {
			in = append(in, fmt.Sprintf("%s:%s:example.com:%s", kind, user, typed), fmt.Sprintf("%s:%s:%s", kind, user, typed), kind+":"+user)
		}
	}
	in = append(in, validQuestion)
	require.NoError(t, s.Serve(t.Context(), strings.NewReader(frame(in...)), io.Discard))
	text := log.b.String()
	require.NotContains(t, text, typed)
	for _, reason := range []string{"invalid_credentials", "rate limited", "the database is down", "deadline exceeded", "another domain", "request=setpass", "request=unknown", "username=jane"} {
		require.Contains(t, text, reason)
	}
}

// Whatever is read, nothing panics, each whole request has one answer, and only
// the right passwords are a yes.
func FuzzServer_Serve(f *testing.F) {
	for _, in := range []string{"", "\x00", frame(validQuestion), frame(validQuestion, invalidQuestion), frame("isuser:jane:example.com", ""), frame(validQuestion) + "\xff\xffx", "\x00\x00\x00\x00"} {
		f.Add([]byte(in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		frames, maxYes := 0, 0
		for rest := in; len(rest) >= 2 && len(rest) >= 2+int(binary.BigEndian.Uint16(rest)); frames++ {
			end := 2 + int(binary.BigEndian.Uint16(rest))
			maxYes += maxPositive(string(rest[2:end]))
			rest = rest[end:]
		}
		answers, _ := serveAll(t, extauth.Ejabberd, bytes.NewReader(in))
		require.Len(t, answers, frames)
		require.LessOrEqual(t, strings.Count(answers, "1"), maxYes)
	})
}

// maxPositive returns 1 for a request that may be a yes.
func maxPositive(request string) int {
	if strings.HasPrefix(request, "isuser:") || strings.HasPrefix(request, "auth:") && strings.Contains(strings.ToLower(request), ":"+domain+":") {
		return 1
	}
	return 0
}
