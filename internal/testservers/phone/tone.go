package phone

import (
	"encoding/binary"
	"io"
	"math"
	"testing"
	"time"

	"github.com/emiago/diago/audio"
	"github.com/stretchr/testify/require"
)

const (
	sampleRate = 8000
	// frame is the number of samples in a packet.
	frame = sampleRate / 50
	// listened is the number of samples of which a frequency is found: half a second.
	listened = sampleRate / 2
)

// PlayTone plays a tone until the call ends.
func (c *Call) PlayTone(t testing.TB, hertz float64) {
	t.Helper()
	writer, err := c.media.AudioWriter()
	require.NoError(t, err)
	go func() {
		encoded := make([]byte, frame)
		for first := 0; c.dialog.Context().Err() == nil && c.phone.ctx.Err() == nil; first += frame {
			_, _ = audio.EncodeUlawTo(encoded, sine(hertz, first))
			// The writer waits until the packet is due.
			if _, err := writer.Write(encoded); err != nil {
				return
			}
		}
	}()
}

// sine returns a frame of a tone as signed 16-bit samples, from its first sample.
func sine(hertz float64, first int) []byte {
	samples := make([]byte, 0, 2*frame)
	for i := range frame {
		value := 8000 * math.Sin(2*math.Pi*hertz*float64(first+i)/sampleRate)
		samples = binary.LittleEndian.AppendUint16(samples, uint16(int16(value)))
	}
	return samples
}

// RequireTone listens until it hears a tone.
func (c *Call) RequireTone(t testing.TB, hertz float64) {
	t.Helper()
	reader, err := c.media.AudioReader()
	require.NoError(t, err)
	var samples []float64
	packet := make([]byte, 1500)
	for deadline := time.Now().Add(stepTimeout); ; {
		require.True(t, time.Now().Before(deadline), "the tone of %v Hz was not heard", hertz)
		n, err := reader.Read(packet)
		if err == io.EOF {
			require.FailNow(t, "the call ended before the tone was heard")
		}
		require.NoError(t, err)
		samples = append(samples, decode(packet[:n])...)
		if over := len(samples) - listened; over >= 0 {
			samples = samples[over:]
			if share(samples, hertz) > 0.5 {
				return
			}
		}
	}
}

// decode returns the samples of a packet.
func decode(packet []byte) []float64 {
	pcm := make([]byte, 2*len(packet))
	_, _ = audio.DecodeUlawTo(pcm, packet)
	samples := make([]float64, len(packet))
	for i := range samples {
		samples[i] = float64(int16(binary.LittleEndian.Uint16(pcm[2*i:])))
	}
	return samples
}

// share returns the share of the energy of samples that is in a frequency, by the
// algorithm of Goertzel.
func share(samples []float64, hertz float64) float64 {
	coefficient := 2 * math.Cos(2*math.Pi*hertz/sampleRate)
	var energy, s1, s2 float64
	for _, sample := range samples {
		s1, s2 = sample+coefficient*s1-s2, s1
		energy += sample * sample
	}
	if energy == 0 {
		return 0
	}
	power := s1*s1 + s2*s2 - coefficient*s1*s2
	return 2 * power / (float64(len(samples)) * energy)
}
