package extauth

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

const question1, question2 = "auth:jane:example.com:x", "auth:mallory:example.com:y"

func TestProtocol_marksFollowedLines(t *testing.T) {
	t.Parallel()
	questions, failed := Generic.read(t.Context(), strings.NewReader(question1+"\n"+question2+"\n"))
	require.Equal(t, rawQuestion{question1, true}, <-questions)
	require.Equal(t, rawQuestion{question2, false}, <-questions)
	_, more := <-questions
	require.False(t, more)
	require.NoError(t, <-failed)
}

// On a busy host the second line may be read long after the first one was
// answered.
func TestServer_rejectsFollowedLine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New(nil, "example.com", &Options{Protocol: Generic})
		questions := make(chan rawQuestion, 1)
		go func() {
			<-time.After(time.Minute)
			questions <- rawQuestion{text: question2}
		}()
		require.False(t, s.isSingleQuestion(t.Context(), rawQuestion{text: question1, hasMore: true}, questions))
		require.Empty(t, questions)
		require.True(t, s.isSingleQuestion(t.Context(), rawQuestion{text: question1}, questions))
	})
}
