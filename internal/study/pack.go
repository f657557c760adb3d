package study

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"reflect"
)

// pack writes the exported fields of what v points to, in their order and without their names: for another process of the
// same program. JSON would take as long as reading the file that it tells of.
func pack(v any) ([]byte, error) { return appendValue(nil, reflect.ValueOf(v).Elem()) }

// unpack reads what pack wrote into what v points to. It trusts b with nothing: it fails on whatever pack does not write,
// and what it allocates is accounted for by what it has read.
func unpack(b []byte, v any) error {
	u := unpacker{b}
	if err := u.value(reflect.ValueOf(v).Elem(), 0); err != nil {
		return err
	}
	if len(u.b) > 0 {
		return errors.New("bytes behind the end")
	}
	return nil
}

// Kinds of values behind an interface.
const (
	packedString = iota
	packedInt
	packedFloat
)

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// appendFloat writes a number; what is none becomes 0, which no length or factor is.
func appendFloat(b []byte, f float64) []byte {
	return binary.LittleEndian.AppendUint64(b, math.Float64bits(finite(f)))
}

func appendValue(b []byte, v reflect.Value) ([]byte, error) {
	switch v.Kind() {
	case reflect.String:
		return appendString(b, v.String()), nil
	case reflect.Bool:
		return appendFlag(b, v.Bool()), nil
	case reflect.Int, reflect.Int64, reflect.Int32:
		return binary.AppendVarint(b, v.Int()), nil
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return binary.AppendUvarint(b, v.Uint()), nil
	case reflect.Float64:
		return appendFloat(b, v.Float()), nil
	case reflect.Interface:
		return appendAny(b, v)
	case reflect.Pointer:
		if b = appendFlag(b, !v.IsNil()); v.IsNil() {
			return b, nil
		}
		return appendValue(b, v.Elem())
	case reflect.Slice:
		if b = appendFlag(b, !v.IsNil()); v.IsNil() {
			return b, nil
		}
		return appendElements(binary.AppendUvarint(b, uint64(v.Len())), v)
	case reflect.Array:
		return appendElements(b, v)
	case reflect.Map:
		return appendMap(b, v)
	case reflect.Struct:
		return appendFields(b, v)
	}
	return nil, fmt.Errorf("cannot pack %v", v.Type())
}

func appendFlag(b []byte, set bool) []byte {
	if set {
		return append(b, 1)
	}
	return append(b, 0)
}

func appendFields(b []byte, v reflect.Value) (_ []byte, err error) {
	for i := range v.NumField() {
		if !v.Type().Field(i).IsExported() {
			continue
		}
		if b, err = appendValue(b, v.Field(i)); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func appendElements(b []byte, v reflect.Value) (_ []byte, err error) {
	for i := range v.Len() {
		if b, err = appendValue(b, v.Index(i)); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func appendMap(b []byte, v reflect.Value) (_ []byte, err error) {
	if b = appendFlag(b, !v.IsNil()); v.IsNil() {
		return b, nil
	}
	b = binary.AppendUvarint(b, uint64(v.Len()))
	if m, ok := v.Interface().(map[string]string); ok { // most of what there is to pack
		for k, s := range m {
			b = appendString(appendString(b, k), s)
		}
		return b, nil
	}
	for it := v.MapRange(); it.Next(); {
		if b, err = appendValue(b, it.Key()); err != nil {
			return nil, err
		}
		if b, err = appendValue(b, it.Value()); err != nil {
			return nil, err
		}
	}
	return b, nil
}

func appendAny(b []byte, v reflect.Value) ([]byte, error) {
	switch x := v.Interface().(type) {
	case string:
		return appendString(append(b, packedString), x), nil
	case int:
		return binary.AppendVarint(append(b, packedInt), int64(x)), nil
	case float64:
		return appendFloat(append(b, packedFloat), x), nil
	}
	return appendString(append(b, packedString), fmt.Sprint(v.Interface())), nil
}

// unpacker reads packed values off the front of b.
type unpacker struct{ b []byte }

var errUnpack = errors.New("not what was packed")

// deepest is how deep what is packed may be nested.
const deepest = 16

func (u *unpacker) value(v reflect.Value, depth int) error {
	if depth > deepest {
		return errUnpack
	}
	switch v.Kind() {
	case reflect.String:
		s, err := u.string()
		v.SetString(s)
		return err
	case reflect.Bool:
		set, err := u.flag()
		v.SetBool(set)
		return err
	case reflect.Int, reflect.Int64, reflect.Int32:
		x, err := u.varint()
		if err == nil && v.OverflowInt(x) {
			err = errUnpack
		}
		v.SetInt(x)
		return err
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		x, err := u.uvarint()
		if err == nil && v.OverflowUint(x) {
			err = errUnpack
		}
		v.SetUint(x)
		return err
	case reflect.Float64:
		x, err := u.float()
		v.SetFloat(x)
		return err
	case reflect.Interface:
		return u.any(v)
	}
	return u.compound(v, depth)
}

// compound reads what consists of values.
func (u *unpacker) compound(v reflect.Value, depth int) error {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if !v.Type().Field(i).IsExported() {
				continue
			}
			if err := u.value(v.Field(i), depth+1); err != nil {
				return err
			}
		}
		return nil
	case reflect.Array:
		for i := range v.Len() {
			if err := u.value(v.Index(i), depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	set, err := u.flag()
	if err != nil || !set {
		return err
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		return u.value(v.Elem(), depth+1)
	}
	n, err := u.uvarint()
	if err != nil {
		return err
	}
	if n > uint64(len(u.b)) { // each element takes a byte at least
		return errUnpack
	}
	if v.Kind() == reflect.Map {
		return u.entries(v, int(n), depth)
	}
	return u.elements(v, int(n), depth)
}

// elements reads a slice. It grows with what was read.
func (u *unpacker) elements(v reflect.Value, n, depth int) error {
	v.Set(reflect.MakeSlice(v.Type(), 0, min(n, 64)))
	for i := range n {
		if i == v.Cap() {
			v.Grow(min(i, n-i))
		}
		v.SetLen(i + 1)
		if err := u.value(v.Index(i), depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (u *unpacker) entries(v reflect.Value, n, depth int) error {
	if _, ok := v.Interface().(map[string]string); ok {
		m := make(map[string]string, min(n, 64))
		for range n {
			k, err := u.string()
			if err != nil {
				return err
			}
			if m[k], err = u.string(); err != nil {
				return err
			}
		}
		v.Set(reflect.ValueOf(m))
		return nil
	}
	v.Set(reflect.MakeMap(v.Type()))
	for range n {
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		if err := u.value(key, depth+1); err != nil {
			return err
		}
		if err := u.value(value, depth+1); err != nil {
			return err
		}
		v.SetMapIndex(key, value)
	}
	return nil
}

func (u *unpacker) any(v reflect.Value) error {
	kind, err := u.take(1)
	if err != nil {
		return err
	}
	var x any
	switch kind[0] {
	case packedString:
		x, err = u.string()
	case packedInt:
		var i int64
		i, err = u.varint()
		x = int(i)
	case packedFloat:
		x, err = u.float()
	default:
		return errUnpack
	}
	v.Set(reflect.ValueOf(x))
	return err
}

// take takes n bytes.
func (u *unpacker) take(n uint64) ([]byte, error) {
	if n > uint64(len(u.b)) {
		return nil, errUnpack
	}
	b := u.b[:n]
	u.b = u.b[n:]
	return b, nil
}

func (u *unpacker) flag() (bool, error) {
	b, err := u.take(1)
	if err != nil || b[0] > 1 {
		return false, errUnpack
	}
	return b[0] == 1, nil
}

func (u *unpacker) string() (string, error) {
	n, err := u.uvarint()
	if err != nil {
		return "", err
	}
	b, err := u.take(n)
	return string(b), err
}

func (u *unpacker) uvarint() (uint64, error) {
	x, n := binary.Uvarint(u.b)
	if n <= 0 {
		return 0, errUnpack
	}
	u.b = u.b[n:]
	return x, nil
}

func (u *unpacker) varint() (int64, error) {
	x, n := binary.Varint(u.b)
	if n <= 0 {
		return 0, errUnpack
	}
	u.b = u.b[n:]
	return x, nil
}

func (u *unpacker) float() (float64, error) {
	b, err := u.take(8)
	if err != nil {
		return 0, err
	}
	x := math.Float64frombits(binary.LittleEndian.Uint64(b))
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return 0, errUnpack
	}
	return x, nil
}
