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

	"github.com/pbxusers/pbxusers/examples/xmppauth/extauth"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const domain = "example.com"

// people are passwords by username. "slow" never answers, and "broken" fails.
type people map[string]string

func (p people) VerifyFor(ctx context.Context, service, login string, password store.Secret) (*userman.User, error) {
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
		return nil, &store.ThrottledError{RetryAfter: time.Second}
	case !ok || password.IsZero() || password.Reveal() != want:
		return nil, &credential.LoginError{Code: credential.WrongPassword, Message: "wrong"}
	}
	return &userman.User{Username: login}, nil
}

func (p people) MayUse(_ context.Context, _, login string) (bool, error) {
	if login == "broken" {
		return true, errors.New("the database is down")
	}
	_, ok := p[login]
	return ok, nil
}

func everybody() people {
	return people{"jane": "pass: with colons:", "joe@acme.com": "joe's", `a"b&c'd/e:f<g>h i\j`: "signs", "张伟": "密码", "slow": "x"}
}

// framed puts the length before each question.
func framed(questions ...string) string {
	var b bytes.Buffer
	for _, q := range questions {
		_ = binary.Write(&b, binary.BigEndian, uint16(len(q)))
		b.WriteString(q)
	}
	return b.String()
}

// asked returns the answers to all of in, as digits, in the order of the
// questions.
func asked(t testing.TB, protocol extauth.Protocol, in io.Reader) (answers string, err error) {
	t.Helper()
	var out bytes.Buffer
	s := extauth.New(everybody(), domain, &extauth.Options{Protocol: protocol, Timeout: 20 * time.Millisecond})
	err = s.Serve(t.Context(), in, &out)
	text := out.String()
	if protocol == extauth.Generic {
		return strings.ReplaceAll(text, "\n", ""), err
	}
	return strings.NewReplacer("\x00\x02\x00\x01", "1", "\x00\x02\x00\x00", "0").Replace(text), err
}

func TestQuestionsAreAnswered(t *testing.T) {
	t.Parallel()
	for question, want := range map[string]string{
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
		answers, err := asked(t, extauth.Ejabberd, strings.NewReader(framed(question)))
		require.NoError(t, err)
		require.Equal(t, want, answers, "%.60q", question)
		answers, err = asked(t, extauth.Generic, strings.NewReader(question+"\n"))
		require.NoError(t, err)
		require.Equal(t, want, answers, "%.60q", question)
	}
}

const right, wrong = "auth:jane:example.com:pass: with colons:", "auth:jane:example.com:no"

func TestManyQuestionsAreAnsweredInTheirOrder(t *testing.T) {
	t.Parallel()
	in := framed(right, wrong, "isuser:jane:example.com", "", right)
	answers, err := asked(t, extauth.Ejabberd, strings.NewReader(in))
	require.NoError(t, err)
	require.Equal(t, "10101", answers)
	answers, err = asked(t, extauth.Ejabberd, oneByOne{strings.NewReader(in)})
	require.NoError(t, err)
	require.Equal(t, "10101", answers)
}

// oneByOne reads a byte at once, as a slow pipe may.
type oneByOne struct{ io.Reader }

func (r oneByOne) Read(p []byte) (int, error) { return r.Reader.Read(p[:min(1, len(p))]) }

func TestAQuestionThatBreaksOffIsAnError(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"\x00", "\x00\x05auth", framed(right)[:10], framed(right) + "\xff\xff"} {
		_, err := asked(t, extauth.Ejabberd, strings.NewReader(in))
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	}
	_, err := asked(t, extauth.Generic, strings.NewReader(strings.Repeat("x", 1<<20)))
	require.Error(t, err, "a line without an end takes no more memory than the longest question")
	answers, err := asked(t, extauth.Ejabberd, strings.NewReader(""))
	require.NoError(t, err)
	require.Empty(t, answers)
}

// A password with a line break must not answer for somebody else: the server
// would take the second answer for that to its next question.
func TestALineBreakInAPasswordAnswersForNobodyElse(t *testing.T) {
	t.Parallel()
	for _, injected := range []string{wrong + "\n" + right, right + "\n" + right, "setpass:jane:example.com:x\n" + right, "x\n\n\n" + right} {
		answers, err := asked(t, extauth.Generic, strings.NewReader(injected+"\n"))
		require.NoError(t, err)
		require.Equal(t, "0", answers, "%q", injected)
	}
	// A length says where a question ends.
	answers, err := asked(t, extauth.Ejabberd, strings.NewReader(framed(wrong+"\n"+right)))
	require.NoError(t, err)
	require.Equal(t, "0", answers)
}

// conversation is a server that waits for each answer.
type conversation struct {
	ask     *io.PipeWriter
	answers *io.PipeReader
	ended   chan error
}

func converse(ctx context.Context, s *extauth.Server) *conversation {
	in, ask := io.Pipe()
	answers, out := io.Pipe()
	c := &conversation{ask, answers, make(chan error, 1)}
	go func() {
		c.ended <- s.Serve(ctx, in, out)
		_ = out.Close()
		_ = in.Close()
	}()
	return c
}

func (c *conversation) say(t *testing.T, question string, size int) string {
	t.Helper()
	_, err := c.ask.Write([]byte(question))
	require.NoError(t, err)
	answer := make([]byte, size)
	_, err = io.ReadFull(c.answers, answer)
	require.NoError(t, err)
	return string(answer)
}

func TestAServerThatWaitsIsAnsweredLineByLine(t *testing.T) {
	t.Parallel()
	c := converse(t.Context(), extauth.New(everybody(), domain, &extauth.Options{Protocol: extauth.Generic}))
	require.Equal(t, "1\n", c.say(t, right+"\n", 2))
	require.Equal(t, "0\n", c.say(t, wrong+"\r\n", 2))
	require.Equal(t, "1\n", c.say(t, right+"\r\n", 2))
	require.NoError(t, c.ask.Close())
	require.NoError(t, <-c.ended)
}

func TestServingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	c := converse(ctx, extauth.New(everybody(), domain, nil))
	require.Equal(t, "\x00\x02\x00\x01", c.say(t, framed(right), 4))
	cancel()
	require.NoError(t, <-c.ended)
}

func TestAServerThatHasGoneIsAnError(t *testing.T) {
	t.Parallel()
	in, out := io.Pipe()
	require.NoError(t, in.Close())
	err := extauth.New(everybody(), domain, nil).Serve(t.Context(), strings.NewReader(framed(right)), out)
	require.ErrorIs(t, err, io.ErrClosedPipe)
}

// safe is a buffer for a log.
type safe struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safe) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func TestTheLogHoldsNothingThatWasTyped(t *testing.T) {
	t.Parallel()
	const typed = "hunter2"
	var log safe
	s := extauth.New(everybody(), domain, &extauth.Options{
		Timeout: 20 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	var in []string
	for _, kind := range []string{"auth", "isuser", "setpass", "removeuser3", typed} {
		for _, user := range []string{"jane", typed, "broken", "slow", "throttled"} {
			in = append(in, fmt.Sprintf("%s:%s:example.com:%s", kind, user, typed), fmt.Sprintf("%s:%s:%s", kind, user, typed), kind+":"+user)
		}
	}
	in = append(in, right)
	require.NoError(t, s.Serve(t.Context(), strings.NewReader(framed(in...)), io.Discard))
	text := log.b.String()
	require.NotContains(t, text, typed)
	for _, reason := range []string{"wrong_password", "throttled", "the database is down", "deadline exceeded", "another domain", "question=setpass", "question=unknown", "username=jane"} {
		require.Contains(t, text, reason)
	}
}

// Whatever is read, nothing panics, each whole question has one answer, and only
// the right passwords are a yes.
func FuzzEjabberd(f *testing.F) {
	for _, in := range []string{"", "\x00", framed(right), framed(right, wrong), framed("isuser:jane:example.com", ""), framed(right) + "\xff\xffx", "\x00\x00\x00\x00"} {
		f.Add([]byte(in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		whole, yes := 0, 0
		for rest := in; len(rest) >= 2 && len(rest) >= 2+int(binary.BigEndian.Uint16(rest)); whole++ {
			end := 2 + int(binary.BigEndian.Uint16(rest))
			yes += expected(string(rest[2:end]))
			rest = rest[end:]
		}
		answers, _ := asked(t, extauth.Ejabberd, bytes.NewReader(in))
		require.Len(t, answers, whole)
		require.LessOrEqual(t, strings.Count(answers, "1"), yes)
	})
}

// expected returns 1 for a question that may be a yes.
func expected(question string) int {
	if strings.HasPrefix(question, "isuser:") || strings.HasPrefix(question, "auth:") && strings.Contains(strings.ToLower(question), ":"+domain+":") {
		return 1
	}
	return 0
}
