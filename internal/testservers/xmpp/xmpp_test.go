package xmpp_test

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/pbxusers/pbxusers/internal/testservers/xmpp"
)

// The test binary is also the program that decides: TestMain asks for it by
// these words.
const (
	decideArg    = "decide"
	password     = "correct: horse, ひみつ"
	questionsEnv = "PBXUSERS_TEST_ASKED"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == decideArg {
		runAuthProgram(xmpp.Protocol(os.Args[2]))
		return
	}
	goleak.VerifyTestMain(m)
}

// runAuthProgram lets Jane in with her password, and ends where one named broken asks.
func runAuthProgram(protocol xmpp.Protocol) {
	questions, err := os.OpenFile(os.Getenv(questionsEnv), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		panic(err)
	}
	in := bufio.NewReader(os.Stdin)
	for {
		question, err := readQuestion(in, protocol)
		if err != nil {
			return
		}
		if _, err := fmt.Fprintf(questions, "%d %s\n", os.Getpid(), question); err != nil {
			panic(err)
		}
		kind, rest, _ := strings.Cut(question, ":")
		user, _, _ := strings.Cut(rest, ":")
		if user == "broken" {
			return
		}
		writeAnswer(protocol, kind == "auth" && rest == "jane:example.com:"+password)
	}
}

func readQuestion(in *bufio.Reader, protocol xmpp.Protocol) (string, error) {
	if protocol == xmpp.Generic {
		line, err := in.ReadString('\n')
		return strings.TrimSuffix(line, "\n"), err
	}
	var length uint16
	if err := binary.Read(in, binary.BigEndian, &length); err != nil {
		return "", err
	}
	question := make([]byte, length)
	_, err := io.ReadFull(in, question)
	return string(question), err
}

func writeAnswer(protocol xmpp.Protocol, ok bool) {
	number := map[bool]uint16{false: 0, true: 1}[ok]
	if protocol == xmpp.Generic {
		_, _ = fmt.Fprintf(os.Stdout, "%d\n", number)
		return
	}
	_ = binary.Write(os.Stdout, binary.BigEndian, []uint16{2, number})
}

// readQuestions reads what the program was asked, and by how many processes.
func readQuestions(t *testing.T, file string) (questions []string, processes int) {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	pids := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		pid, question, _ := strings.Cut(strings.TrimSpace(line), " ")
		pids[pid] = true
		questions = append(questions, question)
	}
	return questions, len(pids)
}

func startServer(t *testing.T, opts xmpp.Options) (server *xmpp.Server, file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "asked")
	protocol := opts.Protocol
	if protocol == "" {
		protocol = xmpp.Generic
	}
	self, err := os.Executable()
	require.NoError(t, err)
	opts.Command = []string{self, decideArg, string(protocol)}
	opts.Env = []string{questionsEnv + "=" + file}
	return xmpp.Start(t, &opts), file
}

func TestStart_authenticatesWithProgram(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]xmpp.Options{
		"generic":                {},
		"generic, in a terminal": {Terminal: true},
		"ejabberd":               {Protocol: xmpp.Ejabberd},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, file := startServer(t, opts)
			login := func(user, password string) error {
				return xmpp.Login(t.Context(), server.Address, xmpp.Domain, user, password)
			}
			require.NoError(t, login("jane", password))
			require.ErrorIs(t, login("jane", "wrong"), xmpp.ErrNotAuthorized)
			require.ErrorIs(t, login("john", password), xmpp.ErrNotAuthorized)
			require.NoError(t, login("Jane", password), "Prosody folds names")

			questions, processes := readQuestions(t, file)
			require.Equal(t, []string{
				"auth:jane:example.com:" + password, "auth:jane:example.com:wrong",
				"auth:john:example.com:" + password, "auth:jane:example.com:" + password,
			}, questions)
			require.Equal(t, 1, processes, "one process answers all")
		})
	}
}

func TestStart_restartsProgram(t *testing.T) {
	t.Parallel()
	server, file := startServer(t, xmpp.Options{})
	login := func(user string) error {
		return xmpp.Login(t.Context(), server.Address, xmpp.Domain, user, password)
	}
	require.NoError(t, login("jane"))
	require.ErrorIs(t, login("broken"), xmpp.ErrNotAuthorized)
	require.Contains(t, server.Log(t), "the program ended")
	require.NoError(t, login("jane"))
	_, processes := readQuestions(t, file)
	require.Equal(t, 2, processes)
}

func TestServer_Stop_endsProgram(t *testing.T) {
	t.Parallel()
	for _, terminal := range []bool{false, true} {
		server, file := startServer(t, xmpp.Options{Terminal: terminal})
		require.NoError(t, xmpp.Login(t.Context(), server.Address, xmpp.Domain, "jane", password))
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		number, _, _ := strings.Cut(string(text), " ")
		pid, err := strconv.Atoi(number)
		require.NoError(t, err)
		process, err := os.FindProcess(pid)
		require.NoError(t, err)
		require.NoError(t, process.Signal(syscall.Signal(0)), "it runs")
		server.Stop()
		require.ErrorIs(t, process.Signal(syscall.Signal(0)), os.ErrProcessDone)
	}
}

func TestLogin_distinguishesOtherFailures(t *testing.T) {
	t.Parallel()
	server, file := startServer(t, xmpp.Options{})
	err := xmpp.Login(t.Context(), server.Address, xmpp.Domain, "jane", "")
	require.ErrorContains(t, err, "malformed-request")
	require.NotErrorIs(t, err, xmpp.ErrNotAuthorized)
	err = xmpp.Login(t.Context(), server.Address, "elsewhere.example", "jane", password)
	require.ErrorContains(t, err, "host-unknown")
	require.NoFileExists(t, file, "nobody was asked")
}

func TestLogin_respectsContext(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = silent.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	err = xmpp.Login(ctx, silent.Addr().String(), xmpp.Domain, "jane", password)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NotErrorIs(t, err, xmpp.ErrNotAuthorized)
}
