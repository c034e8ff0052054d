// Arguments of calls in both forms: [[layer, node, tensor, {name: value}], ...] with tensors as [layer, node, tensor],
// and {"args": [...], "kwargs": {...}} with tensors as objects.
#include "importers/keras/call_arguments.h"

#include <algorithm>
#include <map>

#include "importers/keras/inbound.h"
#include "signxai/error.h"

namespace signxai::keras {
namespace {

bool is_reference(const Json& value) {
  return value.is_array() && value.size() >= 3 && value[0].is_string() && value[1].is_number_unsigned() &&
         value[2].is_number_unsigned();
}

/// The tensors of Keras 2 in a value; false where there is anything else.
bool collect_references(const Json& value, const std::string& subject, std::vector<InboundRef>& found) {
  if (is_reference(value)) {
    found.push_back(read_ref(value, subject));
    return true;
  }
  if (!value.is_array() || value.empty()) return false;
  return std::all_of(value.begin(), value.end(), [&](const Json& v) { return collect_references(v, subject, found); });
}

class Reader {
 public:
  Reader(std::span<const std::string_view> names, const std::string& subject) : names_(names), subject_(subject) {}

  InboundCall keras2(const Json& list) {
    std::vector<InboundRef> first;
    const Json* tensors = is_reference(list) || list.empty() ? nullptr : &list;
    Json options = Json::object();
    for (const Json& entry : tensors ? *tensors : Json::array({list})) {
      if (!is_reference(entry)) {
        call_.refusal = "is called with " + brief(entry) + " as input";
        continue;
      }
      first.push_back(read_ref(entry, subject_));
      if (entry.size() > 3 && entry[3].is_object()) options.update(entry[3]);
    }
    add_tensors(names_.front(), first);
    for (const auto& [name, value] : options.items()) add(name, value, collect_references);
    return finish();
  }

  InboundCall keras3(const Config& node) {
    // Keras 3 calls the layers that change images, whose input is their `data`, in training mode unless a prediction
    // says otherwise, which it does.
    overridden_ = names_.front() == "data";
    const Json* arguments = as_list(node.at("args"));
    if (!arguments) node.wrong("args", "a list");
    for (std::size_t i = 0; i < arguments->size(); ++i) {
      add(i < names_.size() ? std::string(names_[i]) : "#" + std::to_string(i), (*arguments)[i], collect_tensors);
    }
    if (!node.has("kwargs")) return finish();
    const Json& options = node.at("kwargs");
    if (!options.is_object()) node.wrong("kwargs", "an object");
    for (const auto& [name, value] : options.items()) add(name, value, collect_tensors);
    return finish();
  }

 private:
  using Collect = bool (*)(const Json&, const std::string&, std::vector<InboundRef>&);

  void add_tensors(std::string_view name, const std::vector<InboundRef>& tensors) {
    for (const InboundRef& tensor : tensors) {
      call_.inputs.push_back(tensor);
      call_.arguments.names.emplace_back(name);
    }
  }

  bool takes(const std::string& name) const { return std::find(names_.begin(), names_.end(), name) != names_.end(); }

  void add(const std::string& name, const Json& value, Collect collect) {
    const Json* list = as_list(value);
    const bool empty = list && std::all_of(list->begin(), list->end(), [](const Json& v) { return v.is_null(); });
    if (value.is_null() || empty) return;
    const bool known = takes(name);
    const std::string masked = name.ends_with("_mask") ? name.substr(0, name.size() - 5) : "";
    std::vector<InboundRef> tensors;
    if (known && name == "mask" && list && !is_reference(value)) {
      add_masks(*list, collect);
    } else if (known && takes(masked) && collect == collect_tensors) {
      masks_[masked] = &value;
    } else if (takes(masked)) {  // Keras 2 has no such arguments
      call_.refusal = "is called with the argument " + name + "=" + brief(value);
    } else if (known && name != "mask" && value.is_structured() && collect(value, subject_, tensors)) {
      add_tensors(name, tensors);
    } else if (known && value.is_primitive() && (name != "training" || value == false || value == 0 || overridden_)) {
      call_.arguments.options[name] = value;
    } else {
      call_.refusal = "is called with the argument " + name + "=" + brief(value);
    }
  }

  /// One mask for each input, or null.
  void add_masks(const Json& list, Collect collect) {
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (!list[i].is_null()) add_mask(i, "mask", list[i], collect);
    }
  }

  void add_mask(std::size_t input, const std::string& name, const Json& value, Collect collect) {
    std::vector<InboundRef> tensors;
    if (value.is_structured() && collect(value, subject_, tensors) && tensors.size() == 1) {
      call_.masks.push_back({input, tensors.front()});
    } else {
      call_.refusal = "is called with the argument " + name + "=" + brief(value);
    }
  }

  InboundCall finish() {
    for (const auto& [argument, value] : masks_) {
      const auto& names = call_.arguments.names;
      const auto found = std::find(names.begin(), names.end(), argument);
      if (found == names.end()) {
        call_.refusal = "is called with " + argument + "_mask and without " + argument + ", which is not supported";
      } else {
        add_mask(static_cast<std::size_t>(found - names.begin()), argument + "_mask", *value, collect_tensors);
      }
    }
    return std::move(call_);
  }

  std::span<const std::string_view> names_;
  const std::string& subject_;
  std::map<std::string, const Json*> masks_;  ///< Keras 3: by the argument whose mask it is
  bool overridden_ = false;                   ///< training=true does not count
  InboundCall call_;
};

}  // namespace

InboundCall read_named_call(const Json& node, std::span<const std::string_view> names, const std::string& subject) {
  Reader reader(names, subject);
  if (is_keras3_call(node)) return reader.keras3(Config(node, subject));
  const Json* list = as_list(node);
  if (list && !list->empty()) return reader.keras2(*list);
  throw Error(ErrorCode::kCorruptFile, "import", subject,
              "an inbound node is " + brief(node) + "; expected a list of inputs");
}

}  // namespace signxai::keras
