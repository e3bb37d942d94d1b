package extauth

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

const question1, question2 = "auth:jane:example.com:x", "auth:mallory:example.com:y"

func TestALineKnowsThatAnotherOneCameWithIt(t *testing.T) {
	t.Parallel()
	questions, failed := Generic.read(t.Context(), strings.NewReader(question1+"\n"+question2+"\n"))
	require.Equal(t, heard{question1, true}, <-questions)
	require.Equal(t, heard{question2, false}, <-questions)
	_, more := <-questions
	require.False(t, more)
	require.NoError(t, <-failed)
}

// On a busy host the second line may be read long after the first one was
// answered.
func TestALineThatCameWithAnotherOneIsNeverAnswered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := New(nil, "example.com", &Options{Protocol: Generic})
		questions := make(chan heard, 1)
		go func() {
			<-time.After(time.Minute)
			questions <- heard{text: question2}
		}()
		require.False(t, s.alone(t.Context(), heard{text: question1, followed: true}, questions))
		require.Empty(t, questions)
		require.True(t, s.alone(t.Context(), heard{text: question1}, questions))
	})
}
