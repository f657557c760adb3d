package ort

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	onnx "github.com/yalue/onnxruntime_go"

	"echoline/inference"
	"echoline/internal/fault"
)

// metadataKey is where a model keeps its contract.
const metadataKey = "echoline"

// Open loads the runtime from libPath, unless the process has it already, and the model from modelPath, and checks its
// contract. threads is how many cores one run uses; 0 means all. They sleep between runs, so a window stays quick. The
// predictor serves one call at a time; it is an io.Closer, to be closed when it is not needed any more. Errors are faults
// of this package or of inference.ParseContract.
func Open(libPath, modelPath string, threads int) (inference.Predictor, error) {
	e, c, sum, err := OpenEngine(libPath, modelPath, threads)
	if err != nil {
		return nil, err
	}
	return inference.NewPredictor(e, *c, sum, modelPath), nil
}

// OpenEngine is Open in parts, for measuring: the bare graph, its contract and the SHA-256 (hex) of the file.
func OpenEngine(libPath, modelPath string, threads int) (inference.Engine, *inference.Contract, string, error) {
	data, err := readModel(modelPath)
	if err != nil {
		return nil, nil, "", err
	}
	if err := load(libPath); err != nil {
		return nil, nil, "", err
	}
	contract, err := readContract(modelPath)
	if err != nil {
		return nil, nil, "", placed(err, modelPath)
	}
	if threads < 1 {
		threads = runtime.NumCPU()
	}
	e, err := newEngine(data, contract, threads)
	if err != nil {
		return nil, nil, "", fault.New(CodeModelBroken, modelPath, err, nil)
	}
	sum := sha256.Sum256(data)
	return e, contract, hex.EncodeToString(sum[:]), nil
}

// readModel reads the file.
func readModel(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault.New(CodeModelMissing, path, err, nil)
	case err == nil && len(data) == 0:
		err = errors.New("the file is empty")
	}
	if err != nil {
		return nil, fault.New(CodeModelBroken, path, err, nil)
	}
	return data, nil
}

// readContract looks into the model. The runtime shows inputs, outputs and metadata of sessions only, so it is read as
// sessions that are not optimised.
func readContract(path string) (c *inference.Contract, err error) {
	o, err := options(1, onnx.GraphOptimizationLevelDisableAll)
	if err != nil {
		return nil, fault.New(CodeModelBroken, "", err, nil)
	}
	defer destroy(o, &err)
	inputs, outputs, err := onnx.GetInputOutputInfoWithOptions(path, o)
	if err != nil {
		return nil, fault.New(CodeModelBroken, "", err, nil)
	}
	text, err := readMetadata(path, o)
	if err != nil {
		return nil, fault.New(CodeModelBroken, "", err, nil)
	}
	c, err = inference.ParseContract(text, tensors(inputs), tensors(outputs))
	if err != nil {
		return nil, err
	}
	if c.Name == "" {
		c.Name = strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	}
	return c, nil
}

// readMetadata gives the contract's text, nil if the model has none.
func readMetadata(path string, o *onnx.SessionOptions) (contract []byte, err error) {
	m, err := onnx.GetModelMetadataWithOptions(path, o)
	if err != nil {
		return nil, err
	}
	defer destroy(m, &err)
	text, ok, err := m.LookupCustomMetadataMap(metadataKey)
	if err != nil || !ok {
		return nil, err
	}
	return []byte(text), nil
}

// destroy frees what the runtime holds. An error of it matters only where there is none yet.
func destroy(d interface{ Destroy() error }, err *error) {
	if e := d.Destroy(); *err == nil {
		*err = e
	}
}

// tensors puts what the runtime says about inputs or outputs into the contract's words.
func tensors(infos []onnx.InputOutputInfo) []inference.Tensor {
	out := make([]inference.Tensor, len(infos))
	for i, info := range infos {
		out[i] = inference.Tensor{
			Name: info.Name, Shape: info.Dimensions,
			Float: info.OrtValueType == onnx.ONNXTypeTensor && info.DataType == onnx.TensorElementDataTypeFloat,
		}
	}
	return out
}

// placed says in a fault which file is at fault.
func placed(err error, path string) error {
	var f *fault.Error
	if errors.As(err, &f) && f.Where == "" {
		return fault.New(f.Code, path, f.Cause, f.Args)
	}
	return err
}
