package audit

import (
	"encoding/json"
	"time"
)

// MarshalState returns the JSON of a record for [Event].State. It panics if the
// record has no JSON form: the state of a record consists of text, numbers, times
// and bytes.
func MarshalState(record any) []byte {
	text, err := json.Marshal(record)
	if err != nil {
		panic("audit: " + err.Error())
	}
	return text
}

// StateTime returns a time for [Event].State: microseconds, as stores keep them,
// and 0 for the zero time.
func StateTime(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// TeamKey returns the key of a team's record for [Event].Key. The log holds the
// records of all teams; the default team has no prefix.
func TeamKey(team, key string) string {
	if team == "" {
		return key
	}
	return team + "/" + key
}
