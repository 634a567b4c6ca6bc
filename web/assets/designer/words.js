// The modeler's own words in Chinese. English is what the modeler says by itself. A phrase that is missing here is
// collected on the canvas (data-untranslated), where a test looks for it.
const SHORT = {
  "Activate create/remove space tool": "腾出或收回空间",
  "Activate global connect tool": "连线",
  "Activate hand tool": "拖动画面",
  "Activate lasso tool": "框选",
  "Add lane above": "上面加泳道",
  "Add lane below": "下面加泳道",
  "Add text annotation": "加注释",
  "Align elements": "对齐",
  "Align elements left": "左对齐",
  "Align elements center": "左右居中",
  "Align elements right": "右对齐",
  "Align elements top": "上对齐",
  "Align elements middle": "上下居中",
  "Align elements bottom": "下对齐",
  "Append compensation activity": "接补偿步骤",
  "Append conditional intermediate catch event": "接条件等待",
  "Append end event": "接结束",
  "Append gateway": "接判断",
  "Append intermediate/boundary event": "接中间事件",
  "Append message intermediate catch event": "接等消息",
  "Append receive task": "接收消息步骤",
  "Append signal intermediate catch event": "接等信号",
  "Append task": "接步骤",
  "Append timer intermediate catch event": "接等时间",
  "Change element": "换成别的",
  Collection: "多份",
  "Connect to other element": "连到别处",
  "Connect using association": "用虚线连",
  "Connect using data input association": "用数据线连",
  "Create data object reference": "画资料",
  "Create data store reference": "画资料库",
  "Create end event": "画结束",
  "Create expanded sub-process": "画子流程",
  "Create gateway": "画判断",
  "Create group": "画分组框",
  "Create intermediate/boundary event": "画中间事件",
  "Create pool/participant": "画泳池",
  "Create start event": "画开始",
  "Create task": "画步骤",
  Delete: "删除",
  "Distribute elements horizontally": "左右均匀分布",
  "Distribute elements vertically": "上下均匀分布",
  "Divide into three lanes": "分成三条泳道",
  "Divide into two lanes": "分成两条泳道",
  Loop: "循环",
  "Open {element}": "打开 {element}",
  "Parallel multi-instance": "多人同时办",
  "Participant multiplicity": "多个参与方",
  "Search in diagram": "在图中查找",
  "Sequential multi-instance": "逐个办",
  "Toggle non-interrupting": "是否打断",
  "flow elements must be children of pools/participants": "步骤要放在泳池里",
  "Data object must be placed within a pool/participant.": "资料要放在泳池里。",
  "Ad-hoc": "随意顺序",
};

const KINDS = {
  Task: "步骤",
  "User task": "人工任务",
  "Service task": "系统操作",
  "Send task": "发消息",
  "Receive task": "收消息",
  "Manual task": "线下办理",
  "Business rule task": "查决策表",
  "Script task": "脚本（不能用）",
  "Call activity": "调用流程",
  "Sub process": "子流程",
  "Sub-process": "子流程",
  "Sub-process (collapsed)": "子流程（收起）",
  "Sub-process (expanded)": "子流程（展开）",
  "Event sub-process": "事件子流程",
  "Ad-hoc sub-process": "随意顺序子流程",
  "Ad-hoc sub-process (collapsed)": "随意顺序子流程（收起）",
  "Ad-hoc sub-process (expanded)": "随意顺序子流程（展开）",
  Transaction: "事务",
  "Transaction (collapsed)": "事务（收起）",
  "Exclusive gateway": "选一条路",
  "Parallel gateway": "同时走",
  "Inclusive gateway": "走一条或几条",
  "Complex gateway": "复杂判断（不能用）",
  "Event-based gateway": "看哪件事先来",
  "Event based gateway": "看哪件事先来",
  "Event based instantiating Gateway": "由事件发起",
  "Parallel Event based instantiating Gateway": "由几个事件发起",
  "Start event": "开始",
  "End event": "结束",
  "Intermediate throw event": "中间事件",
  "Intermediate catch event": "等待",
  "Boundary event": "边界事件",
  "Terminate end event": "全部结束",
  "Sequence flow": "连线",
  "Default flow": "默认走的线",
  "Conditional flow": "有条件的线",
  "Message flow": "消息线",
  Association: "虚线",
  "Text annotation": "注释",
  Group: "分组框",
  Lane: "泳道",
  Participant: "泳池",
  Process: "流程",
  Collaboration: "协作",
  "Data object reference": "资料",
  "Data store reference": "资料库",
  "Empty pool/participant": "空泳池",
  "Empty pool/participant (removes content)": "空泳池（清掉里面的）",
  "Expanded pool/participant": "展开的泳池",
};

const TRIGGERS = {
  Message: "消息", Timer: "时间", Conditional: "条件", Signal: "信号", Error: "错误", Escalation: "升级", Link: "跳转",
  Compensation: "补偿", Cancel: "取消",
};
const PLACES = {
  "start event": "开始", "end event": "结束", "boundary event": "边界", "intermediate catch event": "等待",
  "intermediate throw event": "发出",
};

// «Timer boundary event (non-interrupting)» is put together from its parts.
function event(template) {
  const found = /^(\w+) (start event|end event|boundary event|intermediate catch event|intermediate throw event)( \(non-interrupting\))?$/.exec(template);
  if (!found || !TRIGGERS[found[1]]) return null;
  return `${TRIGGERS[found[1]]}${PLACES[found[2]]}${found[3] ? "（不打断）" : ""}`;
}

export const missing = new Set();

export function chinese(template, replacements = {}) {
  const found = SHORT[template] ?? KINDS[template] ?? event(template);
  if (found === null && /[A-Za-z]{3}/.test(template)) missing.add(template);
  return (found ?? template).replace(/{([^}]+)}/g, (whole, key) => replacements[key] ?? whole);
}

// «bpmn:UserTask» in the reader's language.
export function kind(type, language) {
  const words = type.slice(5).replace(/(?<=[a-z])[A-Z]/g, (letter) => " " + letter.toLowerCase());
  return language === "zh" ? (KINDS[words] ?? words) : words;
}
