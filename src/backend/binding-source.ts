/** The sources of the package's binding, with what they lack. */
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * TensorFlow's fused kernels are told what to fuse by lists of texts and of types. The binding passes on lists of
 * numbers only: each of these goes to the start of the case that takes one value.
 */
const additions: readonly { readonly before: string; readonly added: string }[] = [
  {
    before: '    case TF_ATTR_STRING: {\n',
    added: `      if (IsArray(env, nstatus, &js_value)) {
        uint32_t length;
        nstatus = napi_get_array_length(env, js_value, &length);
        ENSURE_NAPI_OK(env, nstatus);
        std::vector<std::string> texts(length);
        std::vector<const void *> starts(length);
        std::vector<size_t> lengths(length);
        for (uint32_t i = 0; i < length; ++i) {
          napi_value element;
          nstatus = napi_get_element(env, js_value, i, &element);
          ENSURE_NAPI_OK(env, nstatus);
          nstatus = GetStringParam(env, element, texts[i]);
          ENSURE_NAPI_OK(env, nstatus);
          starts[i] = texts[i].data();
          lengths[i] = texts[i].size();
        }
        TFE_OpSetAttrStringList(tfe_op, attr_name, starts.data(), lengths.data(),
                                static_cast<int>(length));
        break;
      }
`,
  },
  {
    before: '    case TF_ATTR_TYPE: {\n',
    added: `      if (IsArray(env, nstatus, &js_value)) {
        uint32_t length;
        nstatus = napi_get_array_length(env, js_value, &length);
        ENSURE_NAPI_OK(env, nstatus);
        std::vector<TF_DataType> types(length);
        for (uint32_t i = 0; i < length; ++i) {
          napi_value element;
          nstatus = napi_get_element(env, js_value, i, &element);
          ENSURE_NAPI_OK(env, nstatus);
          int32_t type;
          nstatus = napi_get_value_int32(env, element, &type);
          ENSURE_NAPI_OK(env, nstatus);
          types[i] = static_cast<TF_DataType>(type);
        }
        TFE_OpSetAttrTypeList(tfe_op, attr_name, types.data(),
                              static_cast<int>(length));
        break;
      }
`,
  },
];

const changedFile = 'tfjs_backend.cc';

/**
 * Copies the sources, and lets the copy pass on such lists. Where the text that is looked for is not there once, as in
 * another version of the package, the copy stays as it is: modules then compute with the package's own functions.
 * @returns the files to compile, none where there are no sources; and whether lists are passed on
 */
export function copyBindingSource(from: string, to: string): { files: string[]; lists: boolean } {
  if (!existsSync(from)) return { files: [], lists: false };
  cpSync(from, to, { recursive: true });
  const files = readdirSync(to)
    .filter((file) => file.endsWith('.cc'))
    .sort()
    .map((file) => join(to, file));
  const changed = join(to, changedFile);
  if (!existsSync(changed)) return { files, lists: false };
  const text = readFileSync(changed, 'utf8');
  const lists = additions.every(({ before }) => text.split(before).length === 2);
  if (lists) {
    writeFileSync(
      changed,
      additions.reduce((source, { before, added }) => source.replace(before, () => before + added), text),
    );
  }
  return { files, lists };
}
