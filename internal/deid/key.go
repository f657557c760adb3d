package deid

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"echoline/internal/durable"
	"echoline/internal/fault"
)

// Key makes pseudonyms: the same of the same, and of nothing else. Who has it can tell which study became which, so it is
// kept apart from what is given away.
type Key struct{ secret []byte }

// KeyName and BoxesName are the files of the key and of the remembered boxes in the user's settings.
const (
	KeyName   = "deidentify.key"
	BoxesName = "deidentify-boxes.json"
)

// keyBytes is how long a key is.
const keyBytes = 32

// opening is held while a key is read or made: of two who find none, the second takes that of the first. Otherwise what it writes would have
// pseudonyms that no later one has.
var opening sync.Mutex

// OpenKey reads the key in a file, or makes one.
func OpenKey(path string) (*Key, error) {
	opening.Lock()
	defer opening.Unlock()
	b, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return newKey(path)
	case err != nil:
		return nil, fault.New(CodeKey, path, err, nil)
	}
	if info, err := os.Stat(path); err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, fault.New(CodeKey, path, errors.New("others may read it"), nil)
	}
	secret, err := hex.DecodeString(strings.TrimSpace(string(b)))
	if err != nil || len(secret) != keyBytes {
		return nil, fault.New(CodeKey, path, errors.New("not a key"), nil)
	}
	return &Key{secret}, nil
}

func newKey(path string) (*Key, error) {
	k := &Key{make([]byte, keyBytes)}
	_, _ = rand.Read(k.secret) // it never fails
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fault.New(CodeKey, path, err, nil)
	}
	if err := durable.WriteFile(path, []byte(hex.EncodeToString(k.secret)+"\n"), 0o600); err != nil {
		return nil, fault.New(CodeKey, path, err, nil)
	}
	return k, nil
}

// hash is a number that only who has the key can make of a value. Each use has numbers of its own.
func (k *Key) hash(use, value string) []byte {
	h := hmac.New(sha256.New, k.secret)
	h.Write([]byte(use))
	h.Write([]byte{0})
	h.Write([]byte(value))
	return h.Sum(nil)
}

// UID is the pseudonym of a UID: of 2.25, from a UUID of version 8 (PS3.5 B.2).
func (k *Key) UID(uid string) string {
	b := k.hash("uid", uid)[:16]
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return "2.25." + new(big.Int).SetBytes(b).String()
}

// Patient is the pseudonym of a patient.
func (k *Key) Patient(id string) string {
	return "E" + strings.ToUpper(hex.EncodeToString(k.hash("patient", id)[:6]))
}

// shift is by how much the dates of a patient move: one day to ten years back, to the second.
func (k *Key) shift(patient string) time.Duration {
	const day, years = 24 * 60 * 60, 3650
	n := binary.BigEndian.Uint64(k.hash("dates", patient))
	return -time.Duration(day+n%(years*day)) * time.Second
}
