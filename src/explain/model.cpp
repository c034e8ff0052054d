// The public view of an imported network.
#include "signxai/model.h"

#include "base/file_digest.h"
#include "explain/model_cache.h"
#include "graph/network.h"
#include "importers/importer.h"

namespace signxai {
namespace {

Shape without_batch(const Shape& shape) { return {shape.begin() + 1, shape.end()}; }

/// Adds the note about the head that was left out.
std::shared_ptr<const graph::Network> finished(graph::Network network) {
  const graph::RemovedHead& head = network.removed_head;
  if (!head.layer.empty()) {
    network.notes.push_back("the " + head.function + " at the end ('" + head.layer + "', " + head.form +
                            ") is left out: what is explained is its input, the logit");
  }
  return std::make_shared<const graph::Network>(std::move(network));
}

}  // namespace

/// The files as they were before they were read.
struct Model::Sources {
  std::vector<base::FileStamp> files;
};

Model::Model(std::shared_ptr<const graph::Network> network, std::shared_ptr<const Sources> sources)
    : network_(std::move(network)), sources_(std::move(sources)), cache_(std::make_shared<explain::ModelCache>()) {}

Model Model::load(const std::string& path, const LoadOptions& options) {
  Sources sources;
  for (const std::string& file : files_of_model(path)) sources.files.push_back(base::stamp_of(file));
  for (const std::string& file : options.custom_layers.files()) sources.files.push_back(base::stamp_of(file));
  graph::Network network = load_network(path, options);
  if (!network.weights_path.empty()) sources.files.push_back(base::stamp_of(network.weights_path));
  return Model(finished(std::move(network)), std::make_shared<const Sources>(std::move(sources)));
}

Model Model::from_memory(std::string_view architecture, const std::vector<LayerWeights>& weights,
                         const LoadOptions& options) {
  return Model(finished(make_network(architecture, weights, options)), std::make_shared<const Sources>());
}

const std::string& Model::name() const { return network_->name; }

std::vector<PortInfo> Model::inputs() const {
  std::vector<PortInfo> ports;
  const graph::Graph& graph = network_->graph;
  const std::vector<int> calls = network_->input_calls();
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const graph::Value in = graph.inputs()[i];
    PortInfo& port = ports.emplace_back(PortInfo{graph[in].attrs.text("name"), without_batch(graph.type(in).shape)});
    for (const int place : network_->places_of(calls[i])) {
      if (place != calls[i]) port.embeddings.push_back(network_->calls[static_cast<std::size_t>(place)].name);
    }
  }
  return ports;
}

std::vector<PortInfo> Model::outputs() const {
  std::vector<PortInfo> ports;
  for (const graph::Output& out : network_->graph.outputs()) {
    ports.push_back({out.name, without_batch(network_->graph.type(out.value).shape)});
  }
  return ports;
}

std::vector<LayerInfo> Model::layers() const {
  std::vector<LayerInfo> infos;
  for (const graph::LayerCall& call : network_->calls) {
    LayerInfo info{call.name, call.class_name, call.activation, network_->graph.type(call.output).shape, 0, {}};
    for (const graph::Weight& w : call.weights) info.parameters += element_count(network_->graph.type(w.value).shape);
    for (int producer : call.producers) info.inputs.push_back(network_->calls[static_cast<std::size_t>(producer)].name);
    infos.push_back(std::move(info));
  }
  return infos;
}

std::vector<ModelFile> Model::files() const {
  std::vector<ModelFile> files;
  for (const base::FileStamp& stamp : sources_->files) files.push_back({stamp.path, base::sha256_of(stamp)});
  return files;
}

const std::vector<std::string>& Model::notes() const { return network_->notes; }

}  // namespace signxai
