package passwords

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
)

// A hash has one form only, so that what is read is what was written.
func FuzzHashes(f *testing.F) {
	for _, hash := range []string{
		"", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
		"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0",
		"5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8", "$argon2id$v=19$m=9999999,t=99,p=99$c29tZXNhbHQ$c29tZXNhbHQ",
	} {
		f.Add(hash)
	}
	f.Fuzz(func(t *testing.T, hash string) {
		parsed, ok := parsePHC(hash)
		if ok {
			require.Equal(t, hash, parsed.String())
			require.LessOrEqual(t, parsed.Memory*parsed.Time, uint32(maxMemoryPasses))
			require.GreaterOrEqual(t, parsed.Memory, memoryPerLane*uint32(parsed.Threads))
		}
		_, isLegacy := parseLegacy(hash)
		require.False(t, ok && isLegacy)
		require.Equal(t, ok || isLegacy, Supported(store.NewSecret(hash)))
	})
}
