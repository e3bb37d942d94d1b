package sqlstore

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/pbxusers/pbxusers/store/credential"
)

// encodeHash returns the value of a hash: NULL if there is none.
func encodeHash(hash []byte) any {
	if len(hash) == 0 {
		return nil
	}
	return hash
}

func encodeList[T any](list []T) (string, error) {
	if len(list) == 0 {
		return "[]", nil
	}
	text, err := json.Marshal(list)
	return string(text), err
}

func decodeList[T any](column, text string) ([]T, error) {
	if text == "[]" {
		return nil, nil
	}
	var list []T
	if json.Unmarshal([]byte(text), &list) != nil {
		return nil, columnError(column)
	}
	return list, nil
}

// listDecoder decodes the lists of one query, and shared lists once.
type listDecoder map[string][]string

func (d listDecoder) decode(column, text string) (list []string, err error) {
	if text == "[]" {
		return nil, nil
	}
	known, ok := d[text]
	if !ok {
		if known, err = decodeList[string](column, text); err != nil {
			return nil, err
		}
		d[text] = known
	}
	return slices.Clone(known), nil
}

// Frequent lists are not JSON, because decoding it would take most of the time.

func encodeHashes(hashes [][]byte) string {
	texts := make([]string, len(hashes))
	for i, hash := range hashes {
		texts[i] = base64.RawStdEncoding.EncodeToString(hash)
	}
	return strings.Join(texts, ",")
}

func decodeHashes(column, text string) ([][]byte, error) {
	if text == "" {
		return nil, nil
	}
	hashes := make([][]byte, 0, 1+strings.Count(text, ","))
	for part := range strings.SplitSeq(text, ",") {
		hash, err := base64.RawStdEncoding.DecodeString(part)
		if err != nil {
			return nil, columnError(column)
		}
		hashes = append(hashes, hash)
	}
	return hashes, nil
}

func encodeDevices(devices []credential.TrustedDevice) string {
	texts := make([]string, len(devices))
	for i, device := range devices {
		texts[i] = base64.RawStdEncoding.EncodeToString(device.TokenHash) + ":" + strconv.FormatInt(device.LastUsedAt.UnixMicro(), 10)
	}
	return strings.Join(texts, ",")
}

func decodeDevices(column, text string) ([]credential.TrustedDevice, error) {
	if text == "" {
		return nil, nil
	}
	devices := make([]credential.TrustedDevice, 0, 1+strings.Count(text, ","))
	for part := range strings.SplitSeq(text, ",") {
		encoded, used, _ := strings.Cut(part, ":")
		hash, hashErr := base64.RawStdEncoding.DecodeString(encoded)
		micros, usedErr := strconv.ParseInt(used, 10, 64)
		if hashErr != nil || usedErr != nil {
			return nil, columnError(column)
		}
		devices = append(devices, credential.TrustedDevice{TokenHash: hash, LastUsedAt: fromMicro(micros)})
	}
	return devices, nil
}
